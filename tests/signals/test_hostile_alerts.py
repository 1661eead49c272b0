"""No body is our fault: each gets its code, and what is written of it can be read again."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signals.ingest.redaction import without_generated
from signals.ingest.tradingview.message import read_message
from signals.models import InboxMessage, Signal, StrayMessage
from signals.storable import is_storable
from tests.cast import Published, a_market, a_strategy

pytestmark = pytest.mark.django_db
PLATFORM = "platform-passphrase"
TRADINGVIEW_WAITS = 3.0  # seconds (wire-facts §4)


@pytest.fixture
def published(settings: LazySettings) -> Published:
    settings.WEBHOOK_PASSPHRASE = PLATFORM
    settings.WEBHOOK_ALERTS = 1_000
    a_market()
    a_market("ETHUSDT")
    return a_strategy()


def _long(**fields: str) -> str:
    """A good alert with these fields, whose values are JSON as written."""
    rest = "".join(f', "{name}": {value}' for name, value in fields.items())
    return '{"symbol": "BTCUSDT", "action": "long"' + rest + "}"


def _post(path: str, body: str | bytes) -> Any:
    return Client(raise_request_exception=False).post(path, data=body, content_type="text/plain")


INVALID, UNREADABLE = (422, "alert.field_invalid"), (400, "alert.unreadable")
MISSING, TAKEN = (422, "alert.field_missing"), (202, "accepted")
HOSTILE: dict[str, tuple[str | bytes, tuple[int, str]]] = {
    "half a surrogate pair in the comment": (_long(comment=r'"\ud800"'), INVALID),
    "NUL in the comment": (_long(comment=r'"a\u0000b"'), INVALID),
    "half a surrogate pair in the time": (_long(time=r'"\udfff"'), INVALID),
    "half a surrogate pair beside a time": (
        _long(timenow='"2026-11-20T10:00:00Z"', order_id=r'"\ud800"'), INVALID,
    ),
    "half a surrogate pair as the symbol": (r'{"symbol": "\ud800", "action": "long"}', INVALID),
    "NUL as the action": (r'{"symbol": "BTCUSDT", "action": "\u0000"}', INVALID),
    "NUL as the time": (_long(timenow=r'"\u0000"'), INVALID),
    "half a surrogate pair as a name": (r'{"\ud800": "{{x}}"}', INVALID),
    "NUL in a name": (r'{"a\u0000": "{{x}}"}', INVALID),
    "half a surrogate pair in a list": (_long(tags=r'["\ud800"]'), TAKEN),
    "a whole surrogate pair": (_long(comment=r'"\ud83d\ude80"'), TAKEN),
    "a time before the first year": (_long(timenow='"0001-01-01T00:00:00+14:00"'), INVALID),
    "a time in the first year": (_long(timenow='"0001-01-01T00:00:00Z"'), INVALID),
    "a time after the last year": (_long(timenow='"9999-12-31T23:59:59-14:00"'), INVALID),
    "a time in the last century": (_long(timenow='"1999-12-31T23:59:59Z"'), INVALID),
    "a time in the next century": (_long(timenow='"2100-01-01T00:00:00Z"'), INVALID),
    "a time zone with seconds": (_long(timenow='"2026-11-20T10:00:00+23:59:59"'), TAKEN),
    "a time of Arabic digits": (_long(timenow='"٢٠٢٦-11-20T10:00:00Z"'), INVALID),
    "a time in milliseconds": (_long(timenow="1795168800000"), INVALID),
    "a time of thirty thousand characters": (_long(timenow='"' + "2" * 30_000 + '"'), INVALID),
    "a price with underscores": (_long(price='"1_000"'), INVALID),
    "a price of Arabic digits": (_long(price='"١٢"'), INVALID),
    "a price of four thousand digits": (_long(price="1." + "1" * 4_000), UNREADABLE),
    "a quoted price of thirty thousand digits": (_long(price='"1.' + "1" * 30_000 + '"'), INVALID),
    "a price beyond any float": (_long(price="1e400"), INVALID),
    "a price beyond any Decimal": (_long(price="1e99999999999999999999"), INVALID),
    "a quoted price beyond any float": (_long(price='"1e999999999"'), INVALID),
    "a price of minus zero": (_long(price="-0"), INVALID),
    "a signalling NaN": (_long(price='"sNaN"'), INVALID),
    "the smallest price": (_long(price="1e-12"), TAKEN),
    "more decimals than we keep": (_long(price="60000.1234567890123456789012345678"), TAKEN),
    "percents that round up to their limits": (
        _long(risk_perc="99.999999", tp_perc="999.999999", sl_perc="98.999999"), TAKEN,
    ),
    "a leverage of an Arabic digit": (_long(leverage='"٢"'), INVALID),
    "a leverage in scientific notation": (_long(leverage="1e0"), TAKEN),
    "a leverage of true": (_long(leverage="true"), INVALID),
    "a leverage of a list": (_long(leverage="[1]"), INVALID),
    "a leverage of an object": (_long(leverage='{"value": 5}'), INVALID),
    "a quoted leverage of five thousand digits": (_long(leverage=f'"{"9" * 5_000}"'), INVALID),
    "a symbol that only upper case makes one": (
        '{"symbol": "BTCUſDT", "action": "long"}', INVALID,
    ),
    "a byte order mark": ("\ufeff " + _long(), TAKEN),
    "a byte order mark and nothing else": ("\ufeff", UNREADABLE),
    "UTF-16": (_long().encode("utf-16"), UNREADABLE),
    "UTF-16 without a mark": (_long().encode("utf-16-le"), UNREADABLE),
    "surrogates as bytes": (b'{"symbol": "\xed\xa0\x80"}', UNREADABLE),
    "a name of thirty thousand characters": (
        '{"' + "n" * 30_000 + '": "{{x}}"}', (422, "alert.placeholder"),
    ),
    "three thousand fields": (
        "{" + ", ".join(f'"f{number}": 1' for number in range(2_500)) + "}", UNREADABLE,
    ),
    "one name twice, deep inside": (_long(a='{"b": 1, "b": 2}'), UNREADABLE),
    "one name in two cases": (_long(Symbol='"ETHUSDT"'), UNREADABLE),
    "one name with and without a space": (_long(**{"price": "1", " price": "2"}), UNREADABLE),
    "one name nested and dotted": (
        _long(strategy='{"order": {"id": 1}}', **{"strategy.order.id": "2"}), UNREADABLE,
    ),
    "one name twice in text": ("symbol=BTCUSDT symbol=ETHUSDT action=long", UNREADABLE),
    "one name twice in text with one value": ("symbol=BTCUSDT action=long symbol=BTCUSDT", TAKEN),
    "lists nine hundred deep": (_long(a="[" * 900 + "]" * 900), UNREADABLE),
    "lists three hundred deep": (_long(a="[" * 300 + "]" * 300), TAKEN),
    "objects three hundred deep": (_long(a='{"a":' * 300 + "1" + "}" * 300), TAKEN),
    "NaN in a list": (_long(x="[1.5, NaN]"), TAKEN),
    "a quoted text alert": ('"symbol=BTCUSDT action=long"', TAKEN),
    "null": ("null", UNREADABLE),
    "a number": ("1", UNREADABLE),
    "an empty object": ("{}", MISSING),
    "compressed": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xabV*\xce", UNREADABLE),
}  # fmt: skip


@pytest.mark.parametrize(("body", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_alert_gets_its_code_and_is_kept_readable(
    published: Published, body: str | bytes, expected: tuple[int, str]
) -> None:
    answer = _post(f"/webhook/{published.token}", body)
    told = answer.json()
    assert (answer.status_code, told.get("code", told["status"])) == expected
    kept = InboxMessage.objects.get()
    if expected == TAKEN:
        assert (kept.verdict, Signal.objects.get().symbol) == ("accepted", "BTCUSDT")
        return
    assert answer["Content-Type"].startswith("application/problem+json")
    assert (kept.verdict, kept.code, bool(kept.reason)) == ("refused", expected[1], True)
    assert not Signal.objects.exists()


def test_a_time_zone_of_seconds_is_the_same_moment_in_utc(published: Published) -> None:
    _post(f"/webhook/{published.token}", _long(timenow='"2026-11-20T10:00:00+23:59:59"'))
    parse = InboxMessage.objects.get().parse
    assert parse is not None
    assert parse["said_at"] == "2026-11-19 10:00:01+00:00"


@pytest.mark.parametrize(
    "fields",
    [
        {"passphrase": r'"\ud800"'},
        {"passphrase": r'"\u0000"'},
        {"passphrase": f'"{PLATFORM}"', "strategy": r'"\u0000"'},
        {"passphrase": f'"{PLATFORM}"', "strategy": r'"\ud800"'},
        {"passphrase": f'"{PLATFORM}"', "strategy": '["strategy-1"]'},
        {"passphrase": f'["{PLATFORM}"]', "strategy": '"strategy-1"'},
        {"passphrase": "null", "strategy": "null"},
        {"passphrase": "true"},
        {"passphrase": "1e99999999999999999999"},
    ],
    ids=str,
)
def test_secrets_and_names_that_cannot_be_are_a_strangers(
    published: Published, fields: dict[str, str]
) -> None:
    answer = _post("/webhook", _long(**fields))
    assert (answer.status_code, answer.json()["code"]) == (401, "door.unauthenticated")
    assert StrayMessage.objects.get().count == 1


@pytest.mark.parametrize("wrong", [r'"\ud800"', r'"a\u0000"'])
def test_an_authenticated_alert_with_unstorable_text_is_told_so(
    published: Published, wrong: str
) -> None:
    slug = published.strategy.slug
    body = _long(passphrase=f'"{PLATFORM}"', strategy=f'"{slug}"', comment=wrong)
    answer = _post("/webhook", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "alert.field_invalid")
    assert "comment" in InboxMessage.objects.get().reason


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_every_depth_of_nesting_is_taken_or_refused(
    published: Published, opens: str, closes: str
) -> None:
    for depth in [*range(1, 20), *range(850, 1000, 7)]:
        body = _long(a=opens * depth + "1" + closes * depth)
        assert _post(f"/webhook/{published.token}", body).status_code in (200, 202, 400)


N = 32_000
SLOW = {
    "one word": "a" * N,
    "one word and spaces": "a" * (N // 2) + " " * (N // 2),
    "signs of equality": "a=" * (N // 2),
    "open quotes": 'a="' * (N // 3),
    "two kinds of quotes": "a='b=\"" * (N // 6),
    "dots": "a." * (N // 2),
    "backslashes": 'passphrase="' + "\\" * N,
    "escapes": r"\u0070" * (N // 6),
    "nested escapes": "%2525" * (N // 5),
    "secret names": "api " * (N // 4),
    "a secret name and spaces": "key" + " " * N,
    "four thousand names": "{" + ",".join(f'"{number}":1' for number in range(3_700)) + "}",
    "fifteen thousand numbers": '{"a":[' + ",".join("1" * 15_000) + "]}",
    "four thousand secrets": json.dumps({"pass": [f"{number:05}" for number in range(3_500)]}),
    "thirty secrets": json.dumps({"pass": [f"{n:05}" for n in range(30)], "a": ["b"] * 6_000}),
    "a secret that nearly repeats": json.dumps({"pass": "a" * 15_000 + "b", "c": "a" * 16_000}),
    "one long name": '{"' + "n" * 31_000 + '": 1}',
    "accents": "é" * (N // 2),
    "ligatures": "ﷺ" * (N // 3),
    "open braces": "{" * N,
    "NULs": "\x00" * N,
    "thousands of pairs": "a=1 " * (N // 4),
}


@pytest.mark.parametrize("body", SLOW.values(), ids=SLOW)
def test_the_slowest_body_is_read_well_before_its_sender_gives_up(body: str) -> None:
    started = time.perf_counter()
    without_generated(read_message(body.encode(), ["a-known-token", PLATFORM]).stored)
    assert time.perf_counter() - started < TRADINGVIEW_WAITS / 3


ANY_TEXT = st.text(st.characters(), max_size=20)  # half surrogate pairs and NUL too
ANY_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
NAMES = ["symbol", "action", "price", "leverage", "timenow", "time", "comment", "strategy", "id"]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(fields=st.dictionaries(st.sampled_from(NAMES) | ANY_TEXT, ANY_VALUE, max_size=6))
def test_no_json_whatever_is_our_fault(published: Published, fields: dict[str, Any]) -> None:
    alert = {"symbol": "BTCUSDT", "action": "long", **fields}
    assert _post(f"/webhook/{published.token}", json.dumps(alert)).status_code < 500
    assert _post("/webhook", json.dumps({"passphrase": PLATFORM, **alert})).status_code < 500


@given(body=st.binary(max_size=200) | ANY_TEXT.map(lambda text: json.dumps({text: text}).encode()))
def test_whatever_is_kept_can_be_stored(body: bytes) -> None:
    message = read_message(body)
    assert is_storable(message.stored)
    assert all(is_storable(field.name + field.shown) for field in (message.fields or {}).values())
