"""A venue changes its trading rules while we go by the old ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.cast import VENUE
from tests.execution.test_wire import Desk, _on_wire, _signal, desk, running, strategy
from tests.simulators.binance import BinanceSimulator
from trading.domain.ports import AccountSession, Credentials, OrderRequest, Outcome, Side
from trading.market.refresh import rules_are_due
from trading.models import CopyExecution, Instrument, Order
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.registry import VENUES

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["desk", "running", "strategy"]


def test_an_order_refused_by_other_rules_has_them_read_anew(desk: Desk, strategy: Any) -> None:
    now = datetime.now(UTC)
    assert not rules_are_due(venue=VENUE, now=now)
    assert rules_are_due(venue=VENUE, now=now + timedelta(minutes=6))
    _on_wire(desk, strategy)
    desk.venue.command("POST /_sim/filters", {"symbol": "BTCUSDT", "step": "0.1"})
    _signal(strategy, desk)
    desk.send()
    assert Order.objects.get().status == "rejected"
    assert CopyExecution.objects.get().outcome == "refused"
    assert rules_are_due(venue=VENUE, now=now)
    assert Instrument.objects.get().trading


async def test_rules_are_read_anew_before_an_order_is_refused_by_old_ones(
    running: BinanceSimulator,
) -> None:
    running.command("POST /_sim/reset", {})
    keys = Credentials("key-0", "secret-0")
    running.command("POST /_sim/accounts", [{"api_key": keys.api_key, "secret": keys.secret}])
    running.command("POST /_sim/filters", {"symbol": "BTCUSDT", "step": "1"})
    gateway = CcxtGateway(VENUES[VENUE], running.base_url, rules_last=0.0)
    session = AccountSession(1, VENUE, keys)
    coarse = OrderRequest("m1", "BTCUSDT", Side.BUY, Decimal("0.010"))
    refused = await gateway.place(session, coarse)
    finer = {"symbol": "BTCUSDT", "step": "0.001", "min_quantity": "0.001"}
    running.command("POST /_sim/filters", finer)
    placed = await gateway.place(session, replace(coarse, client_id="m2"))
    await gateway.close()
    assert (refused.code, refused.venue_code) == ("venue.precision", "")
    assert placed.outcome is Outcome.CONFIRMED
