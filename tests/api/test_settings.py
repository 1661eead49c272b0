"""Copy settings and limits: read, previewed, changed by versions, each wrong field named."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.api.cast import World, get, post
from tests.cast import a_follower, a_strategy
from trading.domain.limits import NAMES
from trading.models import CopySettings, CopySubscription, RiskLimits

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(world: World) -> str:
    return f"subscriptions/{world.ids['subscription_id']}/settings"


def test_a_change_is_a_new_version_and_leaves_out_what_it_does_not_name(
    client: Client, path: str
) -> None:
    before = get(client, path)
    answer = post(client, path, {"sizing_value": "2.5", "blocked_symbols": ["btc/usdt"]})
    after = answer.json()
    changed = {"version", "sizing_value", "blocked_symbols", "created_at"}
    assert {name for name in after if after[name] != before[name]} == changed
    assert (after["version"], after["sizing_value"]) == (before["version"] + 1, "2.5")
    assert after["blocked_symbols"] == ["BTCUSDT"]
    assert get(client, path) == after


def test_the_same_request_again_makes_no_second_version(client: Client, path: str) -> None:
    key = {"Idempotency_Key": "the-same-key"}
    first = post(client, path, {"max_open": 3}, **key)
    again = post(client, path, {"max_open": 3}, **key)
    assert again.json() == first.json()
    assert get(client, path)["version"] == first.json()["version"] == 2


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"sizing_value": "0"}, "/sizing_value", "copy_settings.invalid"),
    ({"sizing_mode": "all_in"}, "/sizing_mode", "validation_failed"),
    ({"max_position_pct": "0"}, "/max_position_pct", "copy_settings.invalid"),
    ({"max_open": 99_999}, "/max_open", "copy_settings.invalid"),
    ({"max_risk_pct": "-1"}, "/max_risk_pct", "copy_settings.invalid"),
    ({"max_postion_pct": "5"}, "/max_postion_pct", "validation_failed"),
    ({"allowed_symbols": ["BTCUDST"]}, "/allowed_symbols", "copy_settings.invalid"),
    ({"symbol_leverage": {"BTCUSDT": 126}}, "/symbol_leverage/BTCUSDT", "validation_failed"),
    ({"leverage_mode": "fixed"}, "/fixed_leverage", "copy_settings.invalid"),
]


def test_each_wrong_field_is_named_and_nothing_changes(
    client: Client, path: str, subtests: pytest.Subtests
) -> None:
    for body, pointer, code in WRONG:
        with subtests.test(str(body)):
            for address in (path, f"{path}/preview"):
                answer = post(client, address, body)
                assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text
                assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
            assert get(client, path)["version"] == 1


def test_taking_more_than_is_left_is_refused_with_what_is_left_unless_it_is_meant(
    world: World, client: Client, path: str
) -> None:
    copy = CopySubscription.objects.get(public_id=world.ids["subscription_id"])
    CopySettings.objects.filter(pk=copy.settings_id).update(allocation_pct=40)
    a_follower(a_strategy().strategy, account=copy.account, allocation_pct=60)
    refused = post(client, path, {"allocation_pct": "50"})
    assert (refused.status_code, refused.json()["code"]) == (
        409,
        "copy_settings.allocation_exceeded",
    )
    assert refused.json()["detail"] == "40 % of the account is left"
    assert get(client, path)["allocation_left_pct"] == "40"
    meant = post(client, path, {"allocation_pct": "50", "over_allocate": True})
    assert meant.json()["allocation_pct"] == "50"


def test_resuming_takes_the_share_again_and_asks_when_it_is_gone(
    world: World, client: Client
) -> None:
    copy = CopySubscription.objects.get(public_id=world.ids["subscription_id"])
    CopySettings.objects.filter(pk=copy.settings_id).update(allocation_pct=40)
    path = f"subscriptions/{copy.public_id}"
    assert post(client, f"{path}/pause").json()["status"] == "paused"
    a_follower(a_strategy().strategy, account=copy.account, allocation_pct=70)
    refused = post(client, f"{path}/resume")
    assert refused.status_code == 409
    assert refused.json()["code"] == "copy_settings.allocation_exceeded"
    assert refused.json()["detail"] == "30 % of the account is left"
    assert post(client, f"{path}/resume", {"over_allocate": True}).json()["status"] == "active"


def test_a_preview_tells_both_ways_with_code_quantity_and_why_and_changes_nothing(
    client: Client, path: str
) -> None:
    shown = post(client, f"{path}/preview", {"blocked_symbols": ["BTCUSDT"]}).json()
    assert len(shown["results"]) == 2, "opens only: a close is not sized"
    first = shown["results"][0]
    assert first["symbol"] == "BTCUSDT"
    assert (first["after"]["code"], first["after"]["quantity"]) == ("symbol_not_allowed", None)
    assert first["after"]["why"] == "Skipped: your settings leave out BTCUSDT."
    assert first["before"]["outcome"] == "planned"
    assert first["before"]["why"].startswith("10")
    assert get(client, path)["version"] == 1


def test_a_preview_costs_a_fixed_number_of_queries(client: Client, path: str) -> None:
    post(client, f"{path}/preview", {"sizing_value": "4"})  # the settings are known from here on
    with CaptureQueriesContext(connection) as queries:
        post(client, f"{path}/preview", {"sizing_value": "4"})
    # Session, person, copy, signals, limits, what is left; the follower, limits, the market, its
    # hours and windows once for the one symbol of both signals.
    assert len(queries) == 6 + 4, "\n".join(each["sql"][:120] for each in queries)


def test_my_limits_name_who_set_each(world: World, client: Client) -> None:
    copy = CopySubscription.objects.get(public_id=world.ids["subscription_id"])
    RiskLimits.objects.create(scope="strategy", target=copy.strategy_id, max_position_pct=3)
    RiskLimits.objects.create(scope="account", target=copy.account_id, max_open=2)
    (mine,) = get(client, "risk/me")["results"]
    assert mine["subscription"] == world.ids["subscription_id"]
    told = {each["name"]: (each["value"], each["source"]) for each in mine["limits"]}
    assert tuple(told) == NAMES
    assert told["max_position_pct"] == ("3", "strategy")
    assert told["max_open"] == ("2", "account")
    assert told["max_age"] == ("60", "platform")


def test_defaults_are_the_platforms_whatever_others_set(world: World, client: Client) -> None:
    RiskLimits.objects.create(scope="platform", max_open=7)
    RiskLimits.objects.create(scope="strategy", target=1, max_open=1)
    told = {each["name"]: each for each in get(client, "risk/defaults")["limits"]}
    assert told["max_open"] == {"name": "max_open", "value": "7", "source": "platform"}
    assert told["max_spread_pct"]["value"] == "0.5"


def test_a_receipt_says_why_and_who_set_each_cap(world: World, client: Client) -> None:
    receipt = get(client, f"receipts/{world.ids['receipt_id']}")
    assert "rounded to 0.041 (step 0.001)" in receipt["why"]
    sources = {step["name"]: step.get("source") for step in receipt["steps"]}
    assert sources["max_position"] == "platform"
    assert sources["size"] is None
