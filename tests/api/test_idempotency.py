"""A request that is sent again is answered again, and done once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from mimic.api.idempotency import KEPT_FOR, LONGEST_REQUEST, sweep_saved_answers
from mimic.api.models import SavedAnswer
from tests.api.cast import post
from tests.cast import VENUE
from tests.web.accounts_cast import KEYS, Trader, stock_venues
from trading.models import AccountCheck, ExchangeAccount

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def venues() -> None:
    stock_venues()


@pytest.fixture
def trader() -> Trader:
    return Trader()


@pytest.fixture
def key() -> str:
    return str(uuid4())


def connect(trader: Trader, key: str, code: str = "", **changes: str) -> Any:
    """The answer to POST /exchanges under ``key``; with a wrong code unless given one."""
    body = {"venue": VENUE, "label": "Main", **KEYS} | changes
    headers = {"Idempotency_Key": key, "X_Second_Factor": code or "000000"}
    return post(trader.browser, "exchanges", body, **headers)


def test_the_same_request_is_answered_again_and_not_done_again(trader: Trader, key: str) -> None:
    first = connect(trader, key, trader.code())
    again = connect(trader, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert "Idempotency-Replayed" not in first
    assert again["Idempotency-Replayed"] == "true"
    assert AccountCheck.objects.count() == 1


def test_another_body_under_the_same_key_is_refused(trader: Trader, key: str) -> None:
    connect(trader, key, trader.code())
    answer = connect(trader, key, trader.code(), label="Second")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency.mismatch")
    assert ExchangeAccount.objects.count() == 1


def test_another_address_under_the_same_key_is_refused(trader: Trader, key: str) -> None:
    connect(trader, key, trader.code())
    answer = post(trader.browser, f"subscriptions/{uuid4()}/resume", Idempotency_Key=key)
    assert answer.json()["code"] == "idempotency.mismatch"


def test_two_people_may_use_the_same_key(trader: Trader, key: str) -> None:
    other = Trader()
    assert connect(trader, key, trader.code()).status_code == 201
    assert connect(other, key, other.code()).status_code == 201


@pytest.mark.parametrize("wrong", ["", "short", "with space in it", "x" * 129, "ключ-ключ-ключ"])
def test_a_missing_or_odd_key_is_refused(trader: Trader, wrong: str) -> None:
    answer = connect(trader, wrong, trader.code())
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency.key")
    assert not ExchangeAccount.objects.exists()


def test_a_refusal_gives_the_key_back(trader: Trader, key: str) -> None:
    assert connect(trader, key).json()["code"] == "second_factor_refused"
    assert not SavedAnswer.objects.exists()


def test_after_a_day_the_key_is_new(trader: Trader, key: str) -> None:
    connect(trader, key, trader.code())
    SavedAnswer.objects.update(created_at=timezone.now() - KEPT_FOR - timedelta(seconds=1))
    assert connect(trader, key, trader.code(), label="Second").status_code == 201


def test_the_sweeper_forgets_what_is_older_than_a_day(trader: Trader, key: str) -> None:
    connect(trader, key, trader.code())
    now = timezone.now()
    assert sweep_saved_answers(now + KEPT_FOR - timedelta(minutes=1)) == 0
    assert sweep_saved_answers(now + KEPT_FOR + timedelta(minutes=1)) == 1


def test_nothing_of_the_exchange_keys_is_kept(trader: Trader, key: str) -> None:
    connect(trader, key, trader.code())
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(a)::text FROM api_savedanswer a")
        (kept,) = cursor.fetchone()
    assert "canary" not in kept
    assert b"canary".hex() not in kept


@pytest.mark.urls("tests.api.urls")
def test_a_request_that_broke_on_our_side_is_not_done_again(trader: Trader, key: str) -> None:
    trader.browser.raise_request_exception = False
    broken = post(trader.browser, "exposing", {"end": "broken"}, Idempotency_Key=key)
    assert broken.status_code == 500
    again = post(trader.browser, "exposing", {"end": "broken"}, Idempotency_Key=key)
    assert (again.status_code, again.json()["code"]) == (409, "idempotency.in_progress")


@pytest.mark.urls("tests.api.urls")
def test_after_a_refusal_the_key_serves_another_body(trader: Trader, key: str) -> None:
    for end, status in (("refused", 409), ("refused", 409), ("well", 200), ("well", 200)):
        answer = post(trader.browser, "exposing", {"end": end}, Idempotency_Key=key)
        assert answer.status_code == status
    assert answer["Idempotency-Replayed"] == "true"


def test_while_the_first_request_is_at_work_the_second_is_told_to_wait(
    trader: Trader, key: str
) -> None:
    connect(trader, key, trader.code())
    SavedAnswer.objects.update(status=None, body="")
    assert connect(trader, key).json()["code"] == "idempotency.in_progress"
    SavedAnswer.objects.update(created_at=timezone.now() - LONGEST_REQUEST)
    answer = connect(trader, key)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency.unresolved")
    assert AccountCheck.objects.count() == 1


def test_of_eight_requests_at_once_one_does_the_work(trader: Trader, key: str) -> None:
    codes, start = [trader.code() for _ in range(3)], threading.Barrier(8)

    def one(place: int) -> Any:
        mine = Client()
        mine.cookies = trader.browser.cookies
        body = {"venue": VENUE, "label": "Main", **KEYS}
        start.wait(10)
        try:
            code = codes[place % 3]
            return post(mine, "exchanges", body, Idempotency_Key=key, X_Second_Factor=code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, range(8)))
    assert ExchangeAccount.objects.count() == AccountCheck.objects.count() == 1
    done = [each for each in answers if each.status_code == 201]
    assert len([each for each in done if "Idempotency-Replayed" not in each]) == 1
    assert len({each.content for each in done}) == 1
    rest = {each.json()["code"] for each in answers if each.status_code != 201}
    assert rest <= {"idempotency.in_progress"}
