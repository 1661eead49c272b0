"""Whose alert is it? Secrets open the door and are kept nowhere."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client

from mimic.core.tokens import digest_of
from signals.models import Signal, Strategy
from tests.cast import Published, a_market, a_strategy
from tests.signals.leaks import tables_with

pytestmark = pytest.mark.django_db(transaction=True)
CANARY = "canary-passphrase-9f27c1"


@pytest.fixture
def published() -> Published:
    a_market()
    return a_strategy(passphrase_digest=digest_of(CANARY))


def _post(path: str, **fields: Any) -> Any:
    body = json.dumps({"symbol": "BTCUSDT", "action": "long", **fields})
    return Client().post(path, data=body, content_type="application/json")


def test_a_strategys_passphrase_opens_the_common_address(published: Published) -> None:
    assert _post("/webhook", passphrase=CANARY).status_code == 202
    assert Signal.objects.get().strategy == published.strategy


def test_the_platforms_passphrase_needs_the_strategys_name(
    published: Published, settings: LazySettings
) -> None:
    settings.WEBHOOK_PASSPHRASE = "platform-passphrase"
    slug = published.strategy.slug
    assert _post("/webhook", passphrase="platform-passphrase").status_code == 401
    answer = _post("/webhook", passphrase="platform-passphrase", strategy=slug)
    assert answer.status_code == 202


@pytest.mark.parametrize("passphrase", ["", "wrong", CANARY.upper(), CANARY + " x"])
def test_a_wrong_passphrase_is_refused_on_both_addresses(
    published: Published, passphrase: str
) -> None:
    assert _post("/webhook", passphrase=passphrase).status_code == 401
    assert _post(f"/webhook/{published.token}", passphrase=passphrase).status_code == 401


def test_an_unset_platform_passphrase_opens_nothing(
    published: Published, settings: LazySettings
) -> None:
    settings.WEBHOOK_PASSPHRASE = ""
    assert _post("/webhook", passphrase="", strategy=published.strategy.slug).status_code == 401


def test_the_answer_is_the_same_whatever_was_wrong(published: Published) -> None:
    answers = [_post("/webhook/nobody"), _post(f"/webhook/{published.token}", passphrase="x")]
    bodies = [
        {name: text for name, text in answer.json().items() if name in {"type", "detail", "code"}}
        for answer in answers
    ]
    assert bodies[0] == bodies[1]


def test_secrets_are_in_no_table_and_no_log(
    published: Published, caplog: pytest.LogCaptureFixture
) -> None:
    _post(f"/webhook/{published.token}", passphrase=CANARY)
    _post(f"/webhook/{published.token}", passphrase=f"not {CANARY}")
    _post("/webhook", passphrase=CANARY, action="{{close}}")
    written = "\n".join(_as_logged(record) for record in caplog.records)
    assert "/webhook/***" in written
    assert CANARY not in written
    assert published.token not in written
    assert tables_with(CANARY) == []
    assert tables_with(published.token) == []
    assert Strategy.objects.get().token_digest


def _as_logged(record: logging.LogRecord) -> str:
    """The line as the configured handlers write it; caplog's own records are not redacted."""
    formatters = [handler.formatter for handler in logging.getLogger().handlers]
    ours = next(
        each for each in formatters if type(each).__module__.startswith(("mimic", "struct"))
    )
    return ours.format(record) if ours else ""
