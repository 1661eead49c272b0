"""A signal's followers decided for in chunks, some side by side, each in its own transaction.

While one chunk waits for the database the next is decided. Chunks share nothing: a follower is in
one of them, an account has one subscription to a strategy, and the receipts' key decides when two
workers meet after all.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from mimic.ops.metrics import copy_trades
from signals.models import Action, Direction, Signal
from trading.copying import intend
from trading.copying.followers import FOLLOWING, OPENING, Ranked, followers
from trading.copying.live import tell_of_signal
from trading.copying.masters import remainders
from trading.copying.masters.selectors import account_that_speaks
from trading.domain.calendars import MarketState
from trading.domain.decide import Follower, SignalTerms, decide
from trading.domain.ports import Side
from trading.domain.remainders import Part
from trading.domain.sizing import HUNDRED
from trading.execution import budgets
from trading.execution.checkpoint import checkpoint
from trading.execution.nudge import nudge_send
from trading.execution.sender import Sender
from trading.market.calendars import market_states
from trading.market.selectors import MarketView, market_view
from trading.models import SignalFanout

FIRST_CHUNK = 100  # the first orders are on their way while the rest is decided
CHUNK = 250
LEASE = timedelta(seconds=settings.LEASE_SECONDS)
SEEN_FOR = timedelta(milliseconds=250)


class Market(NamedTuple):
    """The signal's symbol everywhere, as it was ``at`` that time; venues not open by ``states``."""

    view: MarketView
    states: Mapping[str, MarketState]
    at: datetime


class Chunks:
    """One worker's pass over a signal's followers.

    ``written`` counts receipts; ``lost`` says that the lease went to somebody else meanwhile.
    """

    def __init__(
        self, *, signal: Signal, fence: int, waiting: Sequence[Ranked], sender: Sender | None
    ) -> None:
        self.written = 0
        self.lost = False
        self._signal = signal
        self._closing = signal.action == Action.CLOSE
        self._fence = fence
        self._sender = sender
        self._helped = sender is not None and len(waiting) > FIRST_CHUNK
        self._left = _chunks(waiting)
        self._market: Market | None = None
        self._lock = threading.Lock()

    def run(self) -> None:
        """Until nobody is left or the lease is lost. Raises what a chunk raised."""
        if self._sender is None or not self._helped:
            return self._work()
        with self._sender.alongside(self._work):
            self._work()
        return None

    def _work(self) -> None:
        written = 0
        while (chunk := self._next()) is not None:
            now = timezone.now()
            if not self._held().update(lease_until=now + LEASE, receipts=F("receipts") + written):
                self.lost = True
                return
            written = self._decide_and_send(chunk, now)
            with self._lock:
                self.written += written
        self._held().update(receipts=F("receipts") + written)

    def _next(self) -> Sequence[Ranked] | None:
        with self._lock:
            return None if self.lost else next(self._left, None)

    def _decide_and_send(self, chunk: Sequence[Ranked], now: datetime) -> int:
        """What the sender has room for goes out right after the commit."""
        checkpoint("deciding")
        market = self._market_at(now)
        with ExitStack() as rooms:
            holds = {}
            if self._sender is not None:
                for route, wanted in Counter(ranked.route for ranked in chunk).items():
                    hold = self._sender.hold(route, wanted, closing=self._closing)
                    holds[route] = rooms.enter_context(hold)
            room = {route: hold.room for route, hold in holds.items()}
            written = decide_chunk(
                signal=self._signal, chunk=chunk, market=market, rooms=room, now=now
            )
            checkpoint("decided")
            for route, claimed in written.claimed.items():
                holds[route].send(claimed)
        return len(written.decided)

    def _market_at(self, now: datetime) -> Market:
        """Read anew while thousands wait: quotes age, and markets close."""
        if self._market is None or now - self._market.at > SEEN_FOR:
            symbol = self._signal.symbol
            states = {} if self._closing else market_states(symbol=symbol, now=now)
            self._market = Market(market_view(symbol=symbol), states, now)
        return self._market

    def _held(self) -> QuerySet[SignalFanout]:
        return SignalFanout.objects.filter(pk=self._signal.pk, fence=self._fence)


def _chunks(waiting: Sequence[Ranked]) -> Iterator[Sequence[Ranked]]:
    start, size = 0, FIRST_CHUNK
    while start < len(waiting):
        yield waiting[start : start + size]
        start, size = start + size, CHUNK


@transaction.atomic(durable=True)
def decide_chunk(
    *, signal: Signal, chunk: Sequence[Ranked], market: Market, rooms: Mapping[str, int],
    now: datetime,
) -> intend.Written:  # fmt: skip
    """Command: decide for these followers and write it. ``rooms``: see :func:`intend.write`."""
    budgets.lock([ranked.account_id for ranked in chunk])
    terms = signal_terms(signal)
    known = followers(
        chunk=chunk, strategy_id=signal.strategy_id, symbol=signal.symbol, now=now,
        statuses=FOLLOWING if terms.closing else OPENING,
    )  # fmt: skip
    known = remainders.with_kept(terms, known)
    decided = []
    for ranked in chunk:
        who = known.get(ranked.subscription_id)
        if who is None or _must_wait(who, signal, now):
            continue  # stopped since the list was made, or decided once the other order is done
        spec, quote = market.view.of(who.venue)
        decision = decide(
            terms, who, spec, quote, now, market.states.get(who.venue, MarketState.OPEN)
        )
        decided.append(intend.Decided(who, ranked.rank, decision))
    written = intend.write(signal=signal, decided=decided, rooms=rooms, now=now)
    remainders.keep(terms, written.decided, market.view, now)
    _count(written, closing=terms.closing)
    tell_of_signal(signal=signal, followers=[each.follower.user_id for each in written.decided])
    return written


def _must_wait(who: Follower, signal: Signal, now: datetime) -> bool:
    """A close closes what an open that is out becomes. An open is sized by what is there when the
    copy's own closes are done, and those of other copies that hold the other side, while it is
    young enough.
    """
    if signal.action == Action.CLOSE:
        return who.in_flight
    late = signal.valid_until is not None and now > signal.valid_until
    opposite, leaving = who.account_long, who.longs_leaving
    if signal.direction == Direction.LONG:
        opposite, leaving = -who.account_short, who.shorts_leaving
    makes_room = not who.hedge and 0 < opposite <= leaving
    return (who.leaving > 0 or makes_room) and not late


def _count(written: intend.Written, *, closing: bool) -> None:
    """Metrics, and a nudge for what the caller cannot send itself."""
    outcomes = Counter(each.decision.outcome for each in written.decided)
    for outcome, number in outcomes.items():
        copy_trades.labels(outcome.value).inc(number)
    left = Counter(each.follower.route for each in written.decided if each.decision.order)
    left.subtract({route: len(claimed) for route, claimed in written.claimed.items()})
    routes = [route for route, number in left.items() if number > 0]
    nudge_send(routes=routes, closing=closing, orders=left.total())


def signal_terms(signal: Signal) -> SignalTerms:
    """The signal as the domain sees it."""
    sides = {Direction.LONG: Side.BUY, Direction.SHORT: Side.SELL}
    return SignalTerms(
        symbol=signal.symbol,
        closing=signal.action == Action.CLOSE,
        side=sides.get(Direction(signal.direction)),
        entry_price=signal.entry_price,
        stop_loss_pct=signal.stop_loss_pct,
        leverage=signal.leverage,
        received_at=signal.received_at,
        valid_until=signal.valid_until,
        risk_pct=signal.risk_pct,
        margin_pct=signal.margin_pct,
        quantity=signal.quantity,
        part=_part(signal),
        close_pct=HUNDRED if signal.close_pct is None else signal.close_pct,
        traded_by=None if signal.quantity is None else account_that_speaks(signal.strategy_id),
    )


def _part(signal: Signal) -> Part | None:
    if signal.part_from_pct is None or signal.part_to_pct is None:
        return None
    return Part(signal.part_from_pct, signal.part_to_pct)
