"""How often the API may be asked, and how it says so."""

from __future__ import annotations

import time

import pytest
from django.test import Client
from pytest_django import Settings

from mimic.ops.embedded.valkey import Valkey
from tests.api.cast import signed_in
from tests.api.programs import call, with_token
from tests.cast import a_person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small(settings: Settings) -> None:
    settings.API_REQUESTS_A_MINUTE = {"address": 2, "person": 3, "standard": 2, "high": 4}


def statuses(client: Client, times: int) -> list[int]:
    return [client.get("/api/v1/me").status_code for _ in range(times)]


def test_a_person_has_one_count_for_all_browsers() -> None:
    person = a_person()
    assert statuses(signed_in(person), 2) + statuses(signed_in(person), 2) == [200, 200, 200, 429]
    assert statuses(signed_in(a_person()), 1) == [200]


def test_the_headers_say_how_one_stands_and_when_to_come_again() -> None:
    browser = signed_in(a_person())
    answers = [browser.get("/api/v1/me") for _ in range(4)]
    assert [answer["RateLimit-Limit"] for answer in answers] == ["3"] * 4
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    refused = answers[-1]
    assert (refused["Content-Type"], refused.json()["code"]) == (
        "application/problem+json",
        "too_many_requests",
    )
    assert 50 <= int(refused["Retry-After"]) <= 66
    assert refused["RateLimit-Reset"] == refused["Retry-After"]


def test_strangers_are_counted_by_network_and_signed_in_neighbours_are_not_held_up() -> None:
    assert statuses(Client(), 3) == [401, 401, 429]
    assert statuses(Client(REMOTE_ADDR="2001:db8::1"), 2) == [401, 401]
    assert statuses(Client(REMOTE_ADDR="2001:db8::2"), 1) == [429]
    assert statuses(signed_in(a_person()), 1) == [200]


def test_guessing_tokens_is_counted_as_a_strangers_request() -> None:
    assert statuses(with_token("a.b.c"), 3) == [401, 401, 429]


def test_a_forwarded_address_of_nobody_trusted_counts_for_nothing() -> None:
    outcomes = [
        Client(headers={"X-Forwarded-For": f"192.0.2.{number}"}).get("/api/v1/me").status_code
        for number in range(3)
    ]
    assert outcomes == [401, 401, 429]


def test_refreshing_and_signing_out_count_ten_a_minute() -> None:
    body = {"refresh_token": "mr_unknown"}
    assert [call("auth/logout", body).status_code for _ in range(10)] == [204] * 10
    refused = call("auth/refresh", body)
    assert (refused.status_code, refused["RateLimit-Limit"]) == (429, "10")


@pytest.mark.chaos
def test_without_redis_a_process_counts_people_by_itself(valkey: Valkey) -> None:
    browser = signed_in(a_person())
    valkey.stop()
    started = time.perf_counter()
    assert statuses(browser, 4) == [200, 200, 200, 429]
    assert time.perf_counter() - started < 3
