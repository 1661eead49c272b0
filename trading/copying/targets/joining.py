"""Joining what a strategy holds already, after a look at price, margin and gates; never by itself.

The default is the next signal only. A position that is joined is an ordinary open of the newest
signal that made it: same rules, caps and receipt, its price gate against the signal's entry. Only
the signal's age is not asked: the person has just said yes. Its receipt's key makes it once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction

from mimic.core.ids import first_id_at
from signals.models import Action, Direction, Signal, SignalStatus
from trading.copying import intend
from trading.copying.chunks import signal_terms
from trading.copying.followers import OPENING, Ranked, followers
from trading.copying.subscription_states import WrongStatus
from trading.copying.targets.opening import cut
from trading.domain.calendars import MarketState
from trading.domain.decide import Decision, Follower, Outcome, decide
from trading.domain.ports import Quote
from trading.domain.receipts import Code
from trading.domain.sizing import HUNDRED
from trading.execution import budgets
from trading.execution.nudge import nudge_send
from trading.market.calendars import market_states
from trading.market.selectors import market_view
from trading.models import CopyMode, CopySubscription, ExecutionKey, Origin, SubscriptionStatus

LOOKED_BACK: Final = timedelta(days=90)
GOOD_FOR: Final = timedelta(seconds=60)
TAKER_PCT: Final = Decimal("0.05")  # what takers pay at the larger venues, without any discount


@dataclass(frozen=True, slots=True)
class Joinable:
    """A position of the strategy as it would be joined now.

    ``price`` is what an order would meet and ``entry`` the signal's, in quote currency;
    ``deviation_pct`` is how much worse (negative: better) the price is. Without an order the code
    says why not; ``quantity`` is base units, ``margin`` and ``fee`` quote currency, estimated.
    """

    signal: Signal
    entry: Decimal | None
    price: Decimal | None
    deviation_pct: Decimal | None
    decision: Decision
    fee: Decimal | None

    @property
    def side(self) -> str:
        return self.signal.direction

    @property
    def code(self) -> str:
        return self.decision.code.value

    @property
    def quantity(self) -> Decimal | None:
        return self.decision.order.quantity if self.decision.order else None

    @property
    def margin(self) -> Decimal | None:
        return self.decision.order.margin if self.decision.order else None


def preview_join(subscription: CopySubscription, now: datetime) -> list[Joinable]:
    """Selector: by symbol; nothing is written. Each is weighed alone: together they may be more
    than the caps allow, and the later ones are refused then.
    """
    return [
        _weighed(_follower(subscription, signal.symbol, now), signal, left, now)
        for signal, left in _open_now(subscription, now)
    ]


@transaction.atomic(durable=True)
def join_positions(
    *, subscription: CopySubscription, signal_ids: Collection[int], now: datetime
) -> list[Joinable]:
    """Command: join what the person chose of the positions that are still open, decided anew one
    after the other under the account's budget. Done twice it is done once. Returns each with what
    became of it. Raises :class:`WrongStatus` for a copy that opens nothing.
    """
    budgets.lock([subscription.account_id])
    rows = CopySubscription.objects.filter(pk=subscription.pk)
    if not rows.filter(status=SubscriptionStatus.ACTIVE).exists():
        raise WrongStatus(subscription.get_status_display())
    done = []
    for signal, left in _open_now(subscription, now):
        if signal.pk in signal_ids:
            who = _follower(subscription, signal.symbol, now)
            joined = _weighed(who, signal, left, now)
            done.append(joined)
            if who is not None and joined.decision.order is not None:
                _order(who, joined, now)
    return done


def _order(who: Follower, joined: Joinable, now: datetime) -> None:
    """A receipt and its order; what a gate refused is only told, so that it may be tried again."""
    decided = [intend.Decided(who, 0, joined.decision)]
    asking = intend.Asking(Origin.JOIN, now + GOOD_FOR)
    intend.write(signal=joined.signal, decided=decided, rooms={}, now=now, asking=asking)
    nudge_send(routes=[who.route], closing=False, orders=1)


def _open_now(subscription: CopySubscription, now: datetime) -> list[tuple[Signal, Decimal]]:
    """The newest open of each symbol that nobody closed, with the part (0-1) that is left of it.

    Not what this copy was asked for already, by the signal itself or by a join.
    """
    said = Signal.objects.filter(
        strategy=subscription.strategy_id, status=SignalStatus.PUBLISHED,
        pk__gte=first_id_at(now - LOOKED_BACK),
    )  # fmt: skip
    terms = said.order_by("pk").values_list("pk", "action", "symbol", "direction", "close_pct")
    standing: dict[tuple[str, str], tuple[int, Decimal]] = {}
    for signal_id, action, symbol, direction, close_pct in terms.iterator():
        if action == Action.OPEN:
            standing[symbol, direction] = (signal_id, Decimal(1))
            continue
        closed = HUNDRED if close_pct is None else close_pct
        for side in (Direction.LONG, Direction.SHORT):
            if direction in (side, Direction.ANY):
                _close(standing, (symbol, side.value), closed)
    left = dict(standing.values())
    keys = ExecutionKey.objects.filter(signal_id__in=left, subscription_id=subscription.pk)
    signals = Signal.objects.filter(pk__in=left).exclude(pk__in=keys.values("signal_id"))
    return [(signal, left[signal.pk]) for signal in signals.order_by("symbol", "pk")]


def _close(
    standing: dict[tuple[str, str], tuple[int, Decimal]], key: tuple[str, str], pct: Decimal
) -> None:
    if key not in standing:
        return
    signal_id, left = standing[key]
    left = left * (HUNDRED - pct) / HUNDRED
    if left > 0:
        standing[key] = (signal_id, left)
    else:
        del standing[key]


def _follower(subscription: CopySubscription, symbol: str, now: datetime) -> Follower | None:
    known = followers(
        chunk=[Ranked.of(subscription)], strategy_id=subscription.strategy_id, symbol=symbol,
        now=now, statuses=OPENING,
    )  # fmt: skip
    who = known.get(subscription.pk)
    if who is not None and who.mode == CopyMode.APPROVAL:
        return who._replace(mode=CopyMode.AUTO.value)  # this is the approval
    return who


def _weighed(who: Follower | None, signal: Signal, left: Decimal, now: datetime) -> Joinable:
    """Decided as if the signal had come just now, with all that its order had opened by then."""
    if who is None:
        decision = Decision(Outcome.SKIPPED, Code.COPY_PAUSED)
        return Joinable(signal, signal.entry_price, None, None, decision, None)
    spec, quote = market_view(symbol=signal.symbol).of(who.venue)
    state = market_states(symbol=signal.symbol, now=now).get(who.venue, MarketState.OPEN)
    terms = replace(signal_terms(signal), received_at=now, valid_until=None)
    if terms.part is not None:
        terms = replace(terms, part=terms.part._replace(start=Decimal(0)))
    decision = decide(terms, who, spec, quote, now, state)
    if decision.order is not None and spec is not None and left < 1:
        order = cut(decision.order, decision.order.quantity * left, spec)
        too_small = order.quantity < max(spec.min_quantity, spec.quantity_step)
        skipped = Decision(Outcome.SKIPPED, Code.BELOW_MIN_QUANTITY, None, decision.inputs)
        decision = skipped if too_small else replace(decision, order=order)
    return _told(signal, decision, quote)


def _told(signal: Signal, decision: Decision, quote: Quote | None) -> Joinable:
    buys = signal.direction == Direction.LONG
    price = None if quote is None else (quote.ask if buys else quote.bid)
    entry, away = signal.entry_price, None
    if price is not None and entry:
        away = (price - entry) / entry * HUNDRED * (1 if buys else -1)
    fee = None
    if decision.order is not None and price is not None:
        fee = decision.order.quantity * price * TAKER_PCT / HUNDRED
    return Joinable(signal, entry, price, away, decision, fee)
