"""The rest of an open that was missed: decided anew by every gate, for no more than the rest."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple

from mimic.core.money import floor_to_step
from signals.models import Signal
from trading.copying.chunks import signal_terms
from trading.copying.followers import OPENING, Ranked, followers
from trading.copying.targets.rows import Leg
from trading.domain.calendars import MarketState
from trading.domain.decide import PlannedOrder, decide
from trading.domain.ports import InstrumentSpec, Quote
from trading.domain.receipts import Code
from trading.domain.repairs import RepairState, Verdict
from trading.execution.births import Born
from trading.market.calendars import market_states
from trading.market.selectors import market_view
from trading.models import CopyMode

MOST_TRIES = 3
SOON = timedelta(seconds=1)
PASSING = frozenset({Code.STALE_PRICE, Code.STALE_ACCOUNT, Code.UNRESOLVED_ORDER, Code.RECOVERING})
"""Gates that may open again while the signal is young enough; its age ends the waiting."""
_MARGIN_STEP = Decimal("1e-8")


class Opening(NamedTuple):
    """What comes next, and the order where one is to be sent."""

    verdict: Verdict
    born: Born | None = None


def judge_open(leg: Leg, rest: Decimal, now: datetime) -> Opening:
    """Open at most ``rest`` if every gate passes; a gate that bites ends the repair. The caller
    holds the account's budget.
    """
    if leg.tries >= MOST_TRIES:
        return _given_up(leg.last_code)
    signal = Signal.objects.get(pk=leg.signal_id or 0)
    ranked = Ranked(leg.subscription_id, leg.account_id, leg.route, 0)
    known = followers(
        chunk=[ranked], strategy_id=leg.strategy_id, symbol=leg.symbol, now=now, statuses=OPENING
    )
    who = known.get(leg.subscription_id)
    if who is None:
        return _given_up(Code.COPY_PAUSED)
    if who.mode == CopyMode.APPROVAL:
        who = who._replace(mode=CopyMode.AUTO.value)  # its order is there, so it was approved
    spec, quote = market_view(symbol=leg.symbol).of(who.venue)
    state = market_states(symbol=leg.symbol, now=now).get(who.venue, MarketState.OPEN)
    decision = decide(signal_terms(signal), who, spec, quote, now, state)
    if decision.code in PASSING:
        return Opening(Verdict(RepairState.PLANNED, decision.code.value, wait=SOON))
    if decision.order is None or spec is None or quote is None:
        return _given_up(decision.code)
    order = cut(decision.order, rest, spec)
    if too_small := _too_small(order, spec, quote):
        return _given_up(too_small)
    verdict = Verdict(RepairState.WORKING, quantity=order.quantity, wait=timedelta(0))
    return Opening(verdict, leg.born(order, rank=0, valid_until=signal.valid_until))


def cut(order: PlannedOrder, rest: Decimal, spec: InstrumentSpec) -> PlannedOrder:
    """What was decided now, but no more than the rest of what was decided then."""
    quantity = min(order.quantity, floor_to_step(rest, spec.quantity_step))
    margin = (order.margin * quantity / order.quantity).quantize(_MARGIN_STEP, ROUND_CEILING)
    return order._replace(quantity=quantity, margin=margin)


def _too_small(order: PlannedOrder, spec: InstrumentSpec, quote: Quote) -> Code | None:
    if order.quantity <= 0 or order.quantity < spec.min_quantity:
        return Code.BELOW_MIN_QUANTITY
    return Code.BELOW_MIN_NOTIONAL if order.quantity * quote.bid < spec.min_notional else None


def _given_up(code: str) -> Opening:
    return Opening(Verdict(RepairState.GIVEN_UP, str(code), wait=None))
