"""Addresses, methods, senders and repeats around an alert: none of them is our fault either."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client

from signals.models import InboxMessage, Signal, StrayMessage
from tests.cast import Published, a_market, a_strategy

LONG = json.dumps({"symbol": "BTCUSDT", "action": "long"})


@pytest.fixture
def published(db: None) -> Published:
    a_market()
    return a_strategy()


def _post(path: str, body: str = LONG, **environ: Any) -> Any:
    client = Client(raise_request_exception=False)
    return client.post(path, body, content_type="text/plain", **environ)


@pytest.mark.parametrize(
    "tail",
    [
        "%00",
        "a%00b",
        "%ff%fe",
        "%ed%a0%80",
        "%0a",
        "..",
        "%",
        "%zz",
        ";a=b",
        "'x'",
        "ü",
        "a" * 9999,
    ],
)
def test_an_odd_token_is_a_strangers(published: Published, tail: str) -> None:
    answer = _post(f"/webhook/{tail}")
    assert (answer.status_code, answer.json()["code"]) == (401, "door.unauthenticated")
    assert StrayMessage.objects.get().count == 1


@pytest.mark.parametrize("tail", ["/", "//x", "/a/b", "/%2f"])
def test_an_address_that_is_none_is_not_found(published: Published, tail: str) -> None:
    answer = _post(f"/webhook{tail}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PATCH", "TRACE", "PROPFIND"])
def test_another_method_is_refused_with_the_right_one(published: Published, method: str) -> None:
    answer = Client().generic(method, f"/webhook/{published.token}", LONG)
    assert (answer.status_code, answer["Allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "kind",
    [
        "", "application/json", "application/x-www-form-urlencoded", "multipart/form-data",
        "multipart/form-data; boundary=x", "text/plain; charset=utf-16", "text/plain; charset=nope",
        "\ud800", "x" * 5_000,
    ],
    ids=lambda kind: ascii(kind)[:40],
)  # fmt: skip
def test_the_content_type_says_nothing(published: Published, kind: str) -> None:
    assert _post(f"/webhook/{published.token}", CONTENT_TYPE=kind).status_code == 202
    assert len(InboxMessage.objects.get().content_type) <= 80


@pytest.mark.parametrize("address", ["", "fe80::1%eth0", "::ffff:10.0.0.1", "unix:"])
@pytest.mark.parametrize("known", [True, False], ids=["to a strategy", "to nobody"])
def test_a_sender_without_a_plain_address_is_served(
    published: Published, address: str, known: bool
) -> None:
    path = f"/webhook/{published.token}" if known else "/webhook"
    assert _post(path, REMOTE_ADDR=address).status_code == (202 if known else 401)
    kept = (InboxMessage if known else StrayMessage).objects.get()
    assert kept.remote_address == {"fe80::1%eth0": "fe80::1", "::ffff:10.0.0.1": "10.0.0.1"}.get(
        address
    )


def test_what_is_too_large_is_kept_with_its_reason(published: Published) -> None:
    body = json.dumps({"comment": "x" * 40_000})
    answers = [_post(path, body) for path in (f"/webhook/{published.token}", "/webhook")]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (413, "door.too_large")
    ] * 2
    kept, stray = InboxMessage.objects.get(), StrayMessage.objects.get()
    assert (kept.verdict, kept.code, stray.code) == ("refused", "door.too_large", "door.too_large")
    assert len(kept.body) <= 32_769


def test_an_alert_sent_again_after_its_message_has_left_is_still_a_duplicate(
    published: Published,
) -> None:
    body = json.dumps({"symbol": "BTCUSDT", "action": "long", "timenow": "2026-11-20T10:00:00Z"})
    first = _post(f"/webhook/{published.token}", body).json()
    InboxMessage.objects.all().delete()  # as its month's partition does, after 90 days
    again = _post(f"/webhook/{published.token}", body)
    assert (again.status_code, again.json()) == (
        200, {"status": "duplicate", "message_id": None, "signal_id": first["signal_id"]},
    )  # fmt: skip
    assert Signal.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_strangers_at_once_are_one_row_that_counts_them() -> None:
    def send(number: int) -> int:
        try:
            return int(_post("/webhook/nobody", json.dumps({"n": number})).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        codes = set(pool.map(send, range(50)))
    assert codes == {401, 429}
    stray = StrayMessage.objects.get()
    assert stray.count == 30  # the rest was not worth a row
    assert stray.last_at - stray.first_at < timedelta(minutes=1)


@pytest.mark.django_db(transaction=True)
def test_fifty_identical_wrong_alerts_at_once_are_one_refused_message(
    settings: LazySettings,
) -> None:
    settings.WEBHOOK_ALERTS = 50
    a_market()
    published = a_strategy()

    def send(_: int) -> int:
        try:
            return int(_post(f"/webhook/{published.token}", r'{"comment": "\ud800"}').status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        codes = set(pool.map(send, range(50)))
    assert codes == {422}
    assert InboxMessage.objects.get().duplicates == 49
