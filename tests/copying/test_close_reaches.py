"""Which orders of a strategy its close ends or cancels, and which it lets be."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now
from trading.copying.fanout import fan_out
from trading.models import Order

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = timedelta(hours=1)


def _open(at: datetime, ago: float = 2, **fields: Any) -> dict[str, Any]:
    acknowledged = at - timedelta(seconds=ago)
    return {"status": "open", "sent_at": acknowledged, "acknowledged_at": acknowledged, **fields}


def _asked(at: datetime) -> dict[str, Any]:
    return {"cancel_asked_at": at, "cancel_due_at": at, "cancel_code": "kill_switch"}


CASES: dict[str, tuple[Callable[[datetime], dict[str, Any]], str]] = {
    "planned": (lambda at: {}, "ended"),
    "unknown": (lambda at: {"status": "unknown"}, "asked"),
    "resting": (_open, "asked"),
    "just acknowledged": (lambda at: _open(at, 0.9), ""),
    "being sent": (lambda at: {"status": "sending"}, ""),
    "asked before": (lambda at: _open(at, **_asked(at - LONG_AGO)), "before"),
    "a close": (lambda at: _open(at, reduce_only=True), ""),
    "the other side": (lambda at: _open(at, side="sell"), ""),
    "another symbol": (lambda at: _open(at, symbol="ETHUSDT"), ""),
    "over": (lambda at: _open(at, status="cancelled", closed_at=at), ""),
}


@pytest.mark.parametrize("direction", ["long", "any"])
def test_a_close_reaches_its_strategys_opens_of_that_side_and_symbol(direction: str) -> None:
    a_market()
    a_quote()
    strategy, other = a_strategy().strategy, a_strategy().strategy
    places = {a_follower(strategy).account_id: name for name in CASES}
    places[a_follower(other).account_id] = "another strategy"
    for each in (strategy, other):
        fan_out(signal_id=a_signal(each).pk, now=now())
    at = now()
    for account, name in places.items():
        make, _ = CASES.get(name, (_open, ""))
        Order.objects.filter(account=account).update(**make(at))
    close = a_signal(strategy, action="close", direction=direction)
    fan_out(signal_id=close.pk, now=at)
    found = {}
    for order in Order.objects.filter(origin_id__lt=close.pk):
        told = {
            None: "ended" if order.code == "closed_before_sent" else "",
            at: "asked",
            at - LONG_AGO: "before",
        }[order.cancel_asked_at]
        found[places[order.account_id]] = told
        if told == "asked":
            assert order.cancel_code == "closed_before_filled"
    wanted = {name: told for name, (_, told) in CASES.items()} | {"another strategy": ""}
    if direction == "any":
        wanted["the other side"] = "asked"
    assert found == wanted
