"""The TradingView door: what comes in becomes one signal, or a reason that a person can read."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from signals.ingest.tradingview.message import read_message
from signals.models import InboxKey, InboxMessage, Signal, Strategy, StrayMessage
from tests.cast import Published, a_market, a_strategy
from trading.models import SignalFanout

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published() -> Published:
    a_market()
    a_market("ETHUSDT")
    return a_strategy()


def _post(published: Published, body: object, **headers: str) -> Any:
    raw = body if isinstance(body, str | bytes) else json.dumps(body)
    return Client().post(
        f"/webhook/{published.token}", data=raw, content_type="application/json", headers=headers
    )


LONG = {"symbol": "BTCUSDT", "action": "long"}


def test_an_alert_becomes_one_published_signal_with_its_fanout_row(published: Published) -> None:
    answer = _post(published, {**LONG, "leverage": 7, "sl_perc": "1.5", "price": 60000.5})
    assert answer.status_code == 202
    signal = Signal.objects.get()
    assert answer.json() == {
        "status": "accepted",
        "message_id": str(InboxMessage.objects.get().public_id),
        "signal_id": str(signal.public_id),
    }
    assert (signal.symbol, signal.direction, signal.leverage) == ("BTCUSDT", "long", 7)
    assert (str(signal.stop_loss_pct), str(signal.entry_price)[:7]) == ("1.5000", "60000.5")
    assert signal.valid_until is not None
    assert SignalFanout.objects.get().done_at is None


@pytest.mark.parametrize("symbol", ["BTCUSDT", "BTCUSDT.P", "BINANCE:BTCUSDT.P", "btc/usdt:usdt"])
def test_every_spelling_of_a_symbol_is_the_same_symbol(published: Published, symbol: str) -> None:
    assert _post(published, {"symbol": symbol, "action": "LONG"}).status_code == 202
    assert Signal.objects.get().symbol == "BTCUSDT"


def test_a_text_alert_is_read_by_its_content_not_its_header(published: Published) -> None:
    answer = _post(published, "symbol=ETHUSDT.P, action=short\nleverage=3 sl_perc=2")
    assert answer.status_code == 202
    assert (Signal.objects.get().direction, Signal.objects.get().leverage) == ("short", 3)


def test_a_flat_market_position_is_a_close(published: Published) -> None:
    _post(published, {"symbol": "BTCUSDT", "action": "sell", "market_position": "flat"})
    signal = Signal.objects.get()
    assert (signal.action, signal.valid_until) == ("close", None)


WRONG: list[tuple[str | bytes, int, str]] = [
    ("", 400, "alert.unreadable"),
    ("{", 400, "alert.unreadable"),
    ('{"symbol": "BTCUSDT", "action": "long",}', 400, "alert.unreadable"),
    ('[{"symbol": "BTCUSDT"}]', 400, "alert.unreadable"),
    ('{"symbol": "BTCUSDT", "symbol": "ETHUSDT", "action": "long"}', 400, "alert.unreadable"),
    ("hello", 400, "alert.unreadable"),
    (b"\xff\xfe{}", 400, "alert.unreadable"),
    ('{"symbol": "BTC\\u0000USDT", "action": "long"}', 422, "alert.field_invalid"),
    (b'{"symbol": "BTCUSDT", \x00}', 400, "alert.unreadable"),
    ("[" * 5000, 400, "alert.unreadable"),
    ('{"a":' * 5000, 400, "alert.unreadable"),
    ('{"symbol": "BTCUSDT"}', 422, "alert.field_missing"),
    ('{"action": "long"}', 422, "alert.field_missing"),
    ('{"symbol": "DOGEUSDT", "action": "long"}', 422, "alert.unknown_symbol"),
    ('{"symbol": "{{ticker}}", "action": "long"}', 422, "alert.placeholder"),
    ('{"symbol": "BTCUSDT", "action": "long", "price": "{{close}}"}', 422, "alert.placeholder"),
    ('{"symbol": "BTCUSDT", "action": "long", "price": NaN}', 422, "alert.field_invalid"),
    ('{"symbol": "BTCUSDT", "action": "long", "price": "NaN"}', 422, "alert.field_invalid"),
    ('{"symbol": "BTCUSDT", "action": "long", "price": -Infinity}', 422, "alert.field_invalid"),
    ('{"symbol": "BTCUSDT", "action": "long", "price": 1e400}', 422, "alert.field_invalid"),
    ('{"symbol": "BTCUSDT", "action": "long", "price": -1}', 422, "alert.field_invalid"),
    ('{"symbol": "BTCUSDT", "action": "long", "leverage": 0}', 422, "alert.field_invalid"),
    ('{"symbol": "BTCUSDT", "action": "long", "leverage": 126}', 422, "alert.field_invalid"),
    ('{"symbol": "BTCUSDT", "action": "long", "leverage": 2.5}', 422, "alert.field_invalid"),
    ('{"symbol": "BTCUSDT", "action": "long", "sl_perc": 100}', 422, "alert.field_invalid"),
    ('{"symbol": "BTCUSDT", "action": "long", "risk_perc": 1e9}', 422, "alert.field_invalid"),
    ('{"leverage": %s}' % ("9" * 5000), 400, "alert.unreadable"),
    ('{"symbol": "BTCUSDT", "action": "buy the dip"}', 422, "alert.field_invalid"),
    ('{"symbol": ";drop table", "action": "long"}', 422, "alert.field_invalid"),
    ('{"symbol": "BTCUSDT", "action": "long", "timenow": "yesterday"}', 422, "alert.field_invalid"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "code"), WRONG, ids=[str(row[0])[:50] for row in WRONG])
def test_a_wrong_alert_gets_its_reason_and_is_kept(
    published: Published, body: str | bytes, status: int, code: str
) -> None:
    answer = _post(published, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"].startswith("application/problem+json")
    kept = InboxMessage.objects.get()
    assert (kept.verdict, kept.code) == ("refused", code)
    assert kept.reason
    assert not Signal.objects.exists()


def test_an_alert_over_32_kib_is_413_and_leaves_no_signal(published: Published) -> None:
    answer = _post(published, {**LONG, "comment": "x" * 33_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "door.too_large")
    assert not Signal.objects.exists()


def test_a_comment_with_quotes_percents_and_markup_is_only_text(published: Published) -> None:
    comment = "100% 'sure' \"<script>\" %s {0} ; --"
    assert _post(published, {**LONG, "comment": comment}).status_code == 202
    assert Signal.objects.get().comment == comment


def test_fifty_identical_alerts_at_once_are_one_signal(
    published: Published, settings: LazySettings
) -> None:
    settings.WEBHOOK_ALERTS = 50

    def send(_: int) -> int:
        try:
            return int(_post(published, LONG).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        codes = sorted(pool.map(send, range(50)))
    assert codes == [200] * 49 + [202]
    assert Signal.objects.count() == InboxMessage.objects.count() == 1
    assert InboxMessage.objects.get().duplicates == 49


def test_the_same_body_a_minute_later_is_a_new_alert(published: Published) -> None:
    _post(published, LONG)
    assert _post(published, LONG).json()["status"] == "duplicate"
    InboxKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert _post(published, LONG).json()["status"] == "accepted"
    assert Signal.objects.count() == 2


def test_the_same_alert_time_is_the_same_alert_however_long_after(published: Published) -> None:
    alert = {**LONG, "time": "2026-11-20T10:00:00Z"}
    first = _post(published, alert).json()
    again = _post(published, {**alert, "comment": "sent again"}).json()
    assert (again["status"], again["signal_id"]) == ("duplicate", first["signal_id"])


def test_two_symbols_of_one_bar_are_two_alerts(published: Published) -> None:
    for symbol in ("BTCUSDT", "ETHUSDT"):
        alert = {"symbol": symbol, "action": "long", "time": "2026-11-20T10:00:00Z"}
        assert _post(published, alert).status_code == 202
    assert Signal.objects.count() == 2


def test_a_refused_alert_sent_again_is_refused_alike(published: Published) -> None:
    wrong = {"symbol": "DOGEUSDT", "action": "long"}
    codes = [_post(published, wrong).json()["code"] for _ in range(3)]
    assert codes == ["alert.unknown_symbol"] * 3
    assert InboxMessage.objects.get().duplicates == 2


def test_a_refused_alert_is_taken_once_its_reason_is_gone(published: Published) -> None:
    alert = {"symbol": "DOGEUSDT", "action": "long", "time": "2026-11-20T10:00:00Z"}
    assert _post(published, alert).status_code == 422
    a_market("DOGEUSDT")
    assert _post(published, alert).status_code == 202
    assert _post(published, alert).json()["status"] == "duplicate"


def test_a_paused_strategy_takes_no_alerts(published: Published) -> None:
    Strategy.objects.update(status=Strategy.Status.PAUSED)
    answer = _post(published, LONG)
    assert (answer.status_code, answer.json()["code"]) == (409, "alert.strategy_not_active")


def test_an_alert_that_was_said_long_ago_is_valid_no_longer(published: Published) -> None:
    _post(published, {**LONG, "timenow": "2020-01-01T00:00:00Z"})
    signal = Signal.objects.get()
    assert signal.valid_until is not None
    assert signal.valid_until < timezone.now()


def test_an_accepted_alert_costs_one_prepared_statement_and_no_other(
    published: Published, django_assert_num_queries: Any
) -> None:
    _post(published, {**LONG, "comment": "caches are warm"})
    with django_assert_num_queries(0):  # Django's own; the prepared one goes past its log
        assert _post(published, LONG).status_code == 202


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_only_post_is_taken(published: Published, method: str) -> None:
    assert getattr(Client(), method)(f"/webhook/{published.token}").status_code == 405


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.one_of(
        st.binary(max_size=300),
        st.dictionaries(
            st.sampled_from(["symbol", "action", "price", "leverage", "time", "x"]),
            st.one_of(
                st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=30),
                st.lists(st.integers(), max_size=3),
            ),
            max_size=6,
        ).map(lambda fields: json.dumps(fields).encode()),
    )
)  # fmt: skip
def test_no_body_whatever_is_our_fault(published: Published, body: bytes) -> None:
    assert _post(published, body).status_code < 500


@given(secret=st.text(min_size=1, max_size=30).filter(lambda text: text.strip(" \"'")))
def test_no_passphrase_survives_in_what_is_stored(secret: str) -> None:
    body = json.dumps({"passphrase": f"pass-{secret}-phrase", "symbol": "BTCUSDT"}).encode()
    assert "-phrase" not in read_message(body).stored


def test_strays_leave_a_count_and_an_excerpt_without_secrets(published: Published) -> None:
    for _ in range(3):
        answer = Client().post(
            "/webhook/wrong-token",
            data=json.dumps({"passphrase": "canary-secret", **LONG, "comment": "y" * 500}),
            content_type="text/plain",
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "door.unauthenticated")
    stray = StrayMessage.objects.get()
    assert (stray.count, len(stray.excerpt)) == (3, 200)
    assert "canary" not in stray.excerpt
    assert not InboxMessage.objects.exists()
