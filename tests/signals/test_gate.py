"""How often a door may be knocked at: strategies by their token, addresses by their failures."""

from __future__ import annotations

import json
import time
from ipaddress import ip_network
from itertools import count
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from mimic.ops.embedded.valkey import Valkey
from signals.models import Signal, StrayMessage
from tests.cast import Published, a_market, a_strategy
from tests.signals.test_ingest_process import Door

pytestmark = pytest.mark.django_db(transaction=True)
TRADINGVIEW, ATTACKER = "52.89.214.238", "203.0.113.9"
_numbers = count()


@pytest.fixture(autouse=True)
def _few(settings: Settings) -> None:
    settings.WEBHOOK_ALERTS = 3


@pytest.fixture
def published() -> Published:
    a_market()
    return a_strategy()


def body(**fields: Any) -> str:
    return json.dumps(
        {"symbol": "BTCUSDT", "action": "long", "comment": f"no. {next(_numbers)}", **fields}
    )


def send(path: str, sender: str = TRADINGVIEW, text: str = "", **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    client = Client(REMOTE_ADDR=sender, headers=given)
    return client.post(path, text or body(), content_type="application/json")


def statuses(path: str, times: int, sender: str = TRADINGVIEW) -> list[int]:
    return [send(path, sender).status_code for _ in range(times)]


def test_a_strategy_has_its_count_whoever_sends_and_its_neighbour_another(
    published: Published,
) -> None:
    path = f"/webhook/{published.token}"
    assert statuses(path, 2) + statuses(path, 2, "34.212.75.30") == [202, 202, 202, 429]
    assert Signal.objects.count() == 3
    assert statuses(f"/webhook/{a_strategy().token}", 1) == [202]


def test_the_refusal_is_a_problem_that_says_when_to_come_again(published: Published) -> None:
    path = f"/webhook/{published.token}"
    statuses(path, 3)
    refused = send(path)
    assert refused.json()["code"] == "alert.too_many"
    assert refused["Content-Type"] == "application/problem+json"
    assert 160 <= int(refused["Retry-After"]) <= 198


def test_what_is_wrong_or_repeated_counts_once_like_anything_else(published: Published) -> None:
    path, same = f"/webhook/{published.token}", body()
    assert [send(path, text=text).status_code for text in (same, same, body(leverage="x"))] == [
        202, 200, 422,
    ]  # fmt: skip
    assert statuses(path, 1) == [429]


def test_the_platforms_passphrase_shares_the_strategys_count(
    published: Published, settings: Settings
) -> None:
    settings.WEBHOOK_PASSPHRASE = "platform-passphrase"
    by_name = {"passphrase": "platform-passphrase", "strategy": published.strategy.slug}
    answers = [send("/webhook", text=body(**by_name)).status_code for _ in range(2)]
    assert answers + statuses(f"/webhook/{published.token}", 2) == [202, 202, 202, 429]


def test_failures_of_an_address_never_hold_up_what_is_authenticated(published: Published) -> None:
    """Everybody's alerts come from the same four addresses: a stranger can use them too."""
    assert statuses("/webhook/nobody", 32) == [401] * 30 + [429] * 2
    assert send("/webhook/nobody").json()["code"] == "door.too_many_failures"
    assert StrayMessage.objects.get().count == 30
    assert statuses(f"/webhook/{published.token}", 4) == [202, 202, 202, 429]
    assert statuses("/webhook/nobody", 1, ATTACKER) == [401]


def test_alerts_come_from_the_listed_addresses_alone(
    published: Published, settings: Settings
) -> None:
    settings.WEBHOOK_NETWORKS = [ip_network(f"{TRADINGVIEW}/32")]
    path = f"/webhook/{published.token}"
    assert statuses(path, 1) == [202]
    refused = send(path, ATTACKER)
    assert (refused.status_code, refused.json()["code"]) == (401, "door.unauthenticated")
    assert StrayMessage.objects.get().code == "door.address"


def test_the_list_cannot_be_passed_by_a_header_of_the_senders(
    published: Published, settings: Settings
) -> None:
    settings.WEBHOOK_NETWORKS = [ip_network(f"{TRADINGVIEW}/32")]
    path = f"/webhook/{published.token}"
    assert send(path, ATTACKER, X_Forwarded_For=TRADINGVIEW).status_code == 401
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    assert send(path, "10.0.0.2", X_Forwarded_For=TRADINGVIEW).status_code == 202
    chain = f"{TRADINGVIEW}, {ATTACKER}"
    assert send(path, "10.0.0.2", X_Forwarded_For=chain).status_code == 401


def test_the_door_in_front_of_django_counts_the_same_and_each_alert_once(
    published: Published, settings: Settings
) -> None:
    door, path, same = Door(), f"/webhook/{published.token}", json.loads(body())
    assert [door.post(path, alert).status for alert in (same, same)] == [202, 200]
    assert door.passed == 1
    assert statuses(path, 1) == [202]
    assert door.post(path, json.loads(body())).status == 429
    settings.WEBHOOK_NETWORKS = [ip_network("192.0.2.1/32")]
    assert door.post(path, json.loads(body())).body["code"] == "door.unauthenticated"


@pytest.mark.chaos
def test_without_redis_alerts_are_taken_and_each_process_counts(
    published: Published, valkey: Valkey
) -> None:
    valkey.stop()
    started = time.perf_counter()
    assert statuses(f"/webhook/{published.token}", 4) == [202, 202, 202, 429]
    assert time.perf_counter() - started < 3
