"""A signal, a follower and a market that make a copy succeed, for tests to change one thing of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trading.domain.calendars import MarketState
from trading.domain.decide import Decision, Follower, SignalTerms, decide
from trading.domain.leverage import AtVenue
from trading.domain.limits import DEFAULTS, Layer, Source, resolve
from trading.domain.ports import InstrumentSpec, Quote, Side
from trading.domain.rules import CopyRules
from trading.domain.sizing import SizingMode

D = Decimal
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SPEC = InstrumentSpec(
    "BTCUSDT", "BTC/USDT:USDT", "BTC", "USDT", D("0.1"), D("0.001"), D("0.001"), D(120), D(100),
    125, trading=True,
)  # fmt: skip
QUOTE = Quote("BTCUSDT", D(59990), D(60000), D(59995), NOW)
LONG = SignalTerms(
    "BTCUSDT", False, Side.BUY, None, D(2), 5, NOW, NOW + timedelta(seconds=60), risk_pct=D(2)
)
CLOSE = replace(LONG, closing=True, side=None, valid_until=None)
RULES = CopyRules(1, SizingMode.EQUITY_PCT, D(5))
FOLLOWER = Follower(
    1, 1, 1, "binanceusdm", "paper", "auto", account_active=True, hedge=False, kill="",
    recovering=False, consented=True, unresolved=False, equity=D(10_000), free_margin=D(10_000),
    snapshot_at=NOW, day_equity=D(10_000), opens_today=0, open_positions=0, held=D(0),
    pending=D(0), held_margin=D(0), used_margin=D(0), account_long=D(0), account_short=D(0),
    leaving=D(0), longs_leaving=D(0), shorts_leaving=D(0), longs_there=False, shorts_there=False,
    in_flight=False, at_venue=AtVenue(by_order=True), rules=RULES, limits=resolve(DEFAULTS, ()),
)  # fmt: skip


def holding(quantity: Decimal, account: Decimal | None = None) -> dict[str, Any]:
    """What a follower holds: signed, and the account the same unless told otherwise."""
    account = quantity if account is None else account
    margin = abs(quantity) * 60_000 / 5
    return {
        "held": quantity,
        "held_margin": margin,
        "used_margin": margin,
        "account_long": max(account, D(0)),
        "account_short": min(account, D(0)),
    }


def limited(**values: Any) -> dict[str, Any]:
    """The platform's limits with these instead of the usual ones."""
    return {"limits": resolve(DEFAULTS._replace(**values), ())}


def sized(mode: SizingMode, value: str, **rules: Any) -> dict[str, Any]:
    return {"rules": replace(RULES, mode=mode, value=D(value), **rules)}


def own(**values: Any) -> Layer:
    return Layer(Source.SUBSCRIPTION, **values)


def deciding(
    signal: SignalTerms = LONG, spec: InstrumentSpec | None = SPEC, quote: Quote | None = QUOTE,
    state: MarketState = MarketState.OPEN, **changes: Any,
) -> Decision:  # fmt: skip
    """The decision for the follower with these changes."""
    return decide(signal, FOLLOWER._replace(**changes), spec, quote, NOW, state)
