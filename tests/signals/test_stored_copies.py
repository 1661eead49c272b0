"""What is kept of a message: enough to mend it, nothing that opens a door."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from signals.ingest.tradingview.message import read_message
from signals.models import InboxMessage, Signal, StrayMessage
from tests.cast import Published, a_market, a_strategy
from tests.signals.leaks import tables_with

pytestmark = pytest.mark.django_db
REST = '"symbol": "BTCUSDT", "action": "long"'


@pytest.fixture
def published() -> Published:
    a_market()
    return a_strategy()


def _post(path: str, body: str | bytes) -> Any:
    """REST in the body stands for the fields that make an alert good."""
    if isinstance(body, str):
        body = body.replace("REST", REST)
    return Client(raise_request_exception=False).post(path, data=body, content_type="text/plain")


SHAPES: dict[str, str | bytes] = {
    "a plain value": '{"passphrase": "CANARY", REST}',
    "an escaped name": r'{"pass\u0070hrase": "CANARY", REST}',
    "an escaped value": r'{"passphrase": "C\u0041NARY", REST}',
    "an object": '{"passphrase": { "value" : "a b CANARY"}, REST}',
    "a list": '{"passphrase": ["x", ["CANARY"]], REST}',
    "an object around": '{"auth": {"x": {"y": {"z": "CANARY"}}}, REST}',
    "capitals": '{"PassPhrase": "CANARY", REST}',
    "spaces around the name": '{" pass phrase ": "CANARY", REST}',
    "an accent in the name": '{"pässphrase": "CANARY", REST}',
    "full-width letters": '{"ｐａｓｓｐｈｒａｓｅ": "CANARY", REST}',
    "other names": '{"apiKey": "CANARY", "webhook-secret": "CANARY", "pw": "CANARY", REST}',
    "the same in the comment": '{"passphrase": "CANARY", "comment": "CANARY", REST}',
    "the same as a name": '{"passphrase": "CANARY", "CANARY": 1, REST}',
    "the same in a list": '{"passphrase": "CANARY", "tags": ["is CANARY"], REST}',
    "an unfilled placeholder": '{"passphrase": "{{CANARY}}", REST}',
    "named in the action": '{"symbol": "BTCUSDT", "action": "passphrase CANARY"}',
    "named in the comment": '{"comment": "my token: CANARY", REST}',
    "JSON in the comment": json.dumps({"comment": r'{"pass\u0070hrase": "CANARY"}'}),
    "a wrong number beside it": '{"passphrase": "CANARY", "price": "CANARY", REST}',
    "a wrong time beside it": '{"passphrase": "CANARY", "timenow": "CANARY", REST}',
    "an unknown symbol": '{"passphrase": "CANARY", "symbol": "CANARY", "action": "long"}',
    "two values": '{"passphrase": "x", "passphrase": "CANARY", REST}',
    "two cases": '{"passphrase": "x", "Passphrase": "CANARY", REST}',
    "text": "passphrase=CANARY symbol=BTCUSDT action=long",
    "text with spaces": "passphrase=correct horse CANARY symbol=BTCUSDT action=long",
    "text with a pair inside": "passphrase=correct horse=CANARY symbol=BTCUSDT action=long",
    "text with a placeholder inside": "passphrase=correct CANARY={{CANARY}} symbol=BTCUSDT",
    "the same as a name with a placeholder": '{"passphrase": "CANARY", "CANARY": "{{x}}", REST}',
    "text with a comma": "passphrase=correct,CANARY symbol=BTCUSDT action=long",
    "text in quotes": 'passphrase="correct horse, CANARY" symbol=BTCUSDT action=long',
    "text with an open quote": 'symbol=BTCUSDT action=long passphrase="correct CANARY',
    "text with an arrow": 'passphrase => "x CANARY" symbol=BTCUSDT action=long',
    "text with two signs": "passphrase==CANARY symbol=BTCUSDT action=long",
    "text with a colon": "passphrase:\n CANARY\nsymbol=BTCUSDT action=long",
    "text without a sign": "symbol=BTCUSDT action=long passphrase CANARY",
    "text as a form": "pass%70hrase=a%20CANARY&symbol=BTCUSDT&action=long",
    "a missing end": '{"passphrase": "a b CANARY", "symbol": "BTCUSDT",',
    "an open value": '{"passphrase": "a b CANARY',
    "an escaped name in malformed JSON": r'{"pass\u0070hrase": "a b CANARY',
    "single quotes": "{'passphrase': 'a b CANARY'}",
    "no quotes": "{passphrase: a b CANARY, symbol: BTCUSDT}",
    "a missing quote": '{"passphrase: "a b CANARY", "symbol": "BTCUSDT"}',
    "curly quotes": "{“passphrase”: “a b CANARY”}",
    "an escaped end": r'{"passphrase": "a\"b CANARY\", "symbol": "BTCUSDT"}',
    "UTF-16": '{"passphrase": "CANARY"}'.encode("utf-16"),
    "Latin-1": '{"passphrase": "CANARY é"}'.encode("latin-1"),
    "NUL in the value": '{"passphrase": "\x00CANARY"}',
    "NUL in the name": '{"pass\x00phrase": "CANARY"}',
    "a NUL in escapes": r'{"passphrase": "\u0000CANARY", REST}',
    "too large": '{"passphrase": "CANARY", "comment": "' + "x" * 33_000,
}


@pytest.mark.parametrize("known", [True, False], ids=["to a strategy", "to nobody"])
@pytest.mark.parametrize("body", SHAPES.values(), ids=SHAPES)
def test_a_passphrase_is_kept_in_no_shape(
    published: Published, body: str | bytes, known: bool
) -> None:
    answer = _post(f"/webhook/{published.token if known else 'nobody'}", body)
    assert answer.status_code in (202, 400, 401, 413, 422)
    assert InboxMessage.objects.count() == known
    assert StrayMessage.objects.count() == (not known)
    assert tables_with("CANARY") + tables_with("canary") == []
    assert "CANARY" not in answer.content.decode()


TOKEN_SHAPES = {
    "the body": "TOKEN",
    "an address in the comment": '{"comment": "https://x/webhook/TOKEN", REST}',
    "an address in text": "see https://x/webhook//TOKEN symbol=BTCUSDT action=long",
    "the comment": '{"comment": "TOKEN", REST}',
    "a name": '{"TOKEN": 1, REST}',
    "the symbol": '{"symbol": "TOKEN", "action": "long"}',
    "malformed JSON": '{"comment": "TOKEN",',
}


@pytest.mark.parametrize("known", [True, False], ids=["to a strategy", "to nobody"])
@pytest.mark.parametrize("body", TOKEN_SHAPES.values(), ids=TOKEN_SHAPES)
def test_a_strategys_token_is_kept_in_no_shape(
    published: Published, body: str, known: bool
) -> None:
    answer = _post(
        f"/webhook/{published.token if known else 'nobody'}", body.replace("TOKEN", published.token)
    )
    assert answer.status_code < 500
    assert tables_with(published.token) == []
    assert published.token not in answer.content.decode()


@pytest.mark.parametrize(
    "body",
    [
        '{"comment": "correct horse battery", REST}',
        "correct horse battery symbol=BTCUSDT action=long",
        "comment=correct%20horse%20battery symbol=BTCUSDT action=long",
        '{"comment": "correct horse battery',
    ],
)
def test_the_platforms_passphrase_is_hidden_even_where_nothing_names_it(
    published: Published, settings: LazySettings, body: str
) -> None:
    settings.WEBHOOK_PASSPHRASE = "correct horse battery"
    _post(f"/webhook/{published.token}", body)
    kept = InboxMessage.objects.get()
    assert "***" in kept.body
    assert "horse" not in kept.body


def test_a_body_without_secrets_is_kept_as_it_was_sent(published: Published) -> None:
    body = '{"symbol":  "BTCUSDT", "action":"long","price":60000.50, "comment": "100% sure é"}'
    _post(f"/webhook/{published.token}", body)
    assert InboxMessage.objects.get().body == body


def test_beside_a_hidden_secret_the_rest_stays(published: Published) -> None:
    _post(f"/webhook/{published.token}", '{"passphrase": "x", "price": 1.50, "n": 7, REST}')
    assert json.loads(InboxMessage.objects.get().body) == {
        "passphrase": "***", "price": "1.50", "n": 7, "symbol": "BTCUSDT", "action": "long",
    }  # fmt: skip


def test_beside_a_hidden_secret_a_texts_known_fields_stay(published: Published) -> None:
    body = 'secret x symbol=BTCUSDT action=long comment="a b" passphrase=xyz'
    _post(f"/webhook/{published.token}", body)
    kept = InboxMessage.objects.get().body
    assert kept == 'symbol=BTCUSDT action=long comment="a b" passphrase=***'


def test_malformed_text_is_kept_up_to_its_first_secret(published: Published) -> None:
    _post(f"/webhook/{published.token}", '{"symbol": BTCUSDT, "passphrase": "x", "price": 1}')
    kept = InboxMessage.objects.get()
    assert kept.body == '{"symbol": BTCUSDT, "***'
    assert "column 12" in kept.reason


def test_an_alert_means_the_same_when_a_secret_equals_one_of_its_words(
    published: Published,
) -> None:
    body = '{"token": "BTCUSDT", "secret": "long", "password": "2026", "price": 2026, REST}'
    assert _post(f"/webhook/{published.token}", body).status_code == 202
    signal = Signal.objects.get()
    assert (signal.symbol, signal.direction, int(signal.entry_price or 0)) == (
        "BTCUSDT", "long", 2026,
    )  # fmt: skip


def test_a_placeholder_is_refused_by_name_in_a_secret_field_too(published: Published) -> None:
    answer = _post(f"/webhook/{published.token}", '{"passphrase": "{{close}}", REST}')
    assert answer.json()["code"] == "alert.placeholder"
    assert answer.json()["detail"] == "passphrase still holds '***'"


def test_an_excerpt_has_at_most_two_hundred_bytes(published: Published) -> None:
    _post("/webhook/nobody", json.dumps({"comment": "é" * 300}, ensure_ascii=False))
    assert len(StrayMessage.objects.get().excerpt.encode()) in (199, 200)


@pytest.mark.parametrize(
    "shape",
    [
        '{"passphrase": "SECRET", "symbol": "BTCUSDT"',
        "{'passphrase': 'SECRET'}",
        "{passphrase: SECRET}",
        "passphrase: SECRET",
        '{"a": {"secret": "SECRET"',
        "PASSPHRASE SECRET",
    ],
)
@given(secret=st.text(min_size=1, max_size=30))
def test_nothing_after_a_secrets_name_survives_in_unread_text(shape: str, secret: str) -> None:
    assert (
        "-canary" not in read_message(shape.replace("SECRET", f"{secret}-canary").encode()).stored
    )
