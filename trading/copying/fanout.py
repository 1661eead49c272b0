"""One signal into every follower's receipt and order: decide and intend, a chunk at a time.

A chunk is one transaction. A worker that dies loses its chunk and nothing else: the lease runs
out, the sweeper asks again, and followers who have their receipt are not asked twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from mimic.jobs.enqueue import enqueue
from mimic.ops.metrics import copy_trades
from signals.events import SignalPublished
from signals.models import Action, Direction, Signal
from trading.copying import intend
from trading.copying.followers import Ranked, followers, still_to_decide
from trading.copying.live import tell_of_signal
from trading.domain.decide import SignalTerms, decide
from trading.domain.ports import Side
from trading.domain.receipts import Code
from trading.execution import budgets
from trading.execution.claims import drop_planned
from trading.execution.nudge import nudge_send
from trading.execution.sender import Sender
from trading.market.selectors import MarketView, market_view
from trading.models import CopySubscription, Order, OrderStatus, SignalFanout

FIRST_CHUNK = 100  # the first orders are on their way while the rest is decided
CHUNK = 400
LEASE = timedelta(seconds=30)
COME_BACK = timedelta(milliseconds=500)
JOB = "trading.fan_out"
_SIDES_CLOSED = {
    Direction.LONG.value: [Side.BUY.value],
    Direction.SHORT.value: [Side.SELL.value],
    Direction.ANY.value: [Side.BUY.value, Side.SELL.value],
}


def queue_fanout(event: SignalPublished) -> None:
    """Receiver, in the publishing transaction: the row is the queue, the job only a nudge."""
    SignalFanout.objects.create(
        signal_id=event.signal_id, closing=event.closing, created_at=event.at
    )
    enqueue(JOB, queue="closes" if event.closing else "", signal_id=event.signal_id)


def fan_out(*, signal_id: int, now: datetime, sender: Sender | None = None) -> int:
    """Command: decide for everybody who is still to be decided for; returns receipts written.

    Two callers at once do no harm: the one without the lease walks away. A process that sends
    passes its ``sender``: what it has room for leaves right after each chunk's commit.
    """
    fence = _take_lease(signal_id, now)
    if fence is None:
        return 0
    signal = Signal.objects.select_related("strategy").get(pk=signal_id)
    closing = signal.action == Action.CLOSE
    if closing and _earlier_open_undecided(signal):
        _come_back(signal_id, fence, now)
        return 0
    if closing:
        _drop_unsent_opens(signal, now)
    waiting = still_to_decide(signal_id=signal_id, strategy_id=signal.strategy_id, closing=closing)
    written = seen = 0
    for chunk in _chunks(waiting):
        done = _decide_and_send(signal, chunk, fence, sender)
        if done is None:
            return written
        written += done
        seen += len(chunk)
    if written < seen:
        _come_back(signal_id, fence, timezone.now())
    else:
        _finish(signal_id, fence, timezone.now())
    return written


def _chunks(waiting: Sequence[Ranked]) -> Iterator[Sequence[Ranked]]:
    start, size = 0, FIRST_CHUNK
    while start < len(waiting):
        yield waiting[start : start + size]
        start, size = start + size, CHUNK


def _decide_and_send(
    signal: Signal, chunk: Sequence[Ranked], fence: int, sender: Sender | None
) -> int | None:
    """One chunk in its transaction; what the sender has room for goes out after the commit."""
    market = market_view(symbol=signal.symbol)  # anew: quotes age while thousands are decided
    closing = signal.action == Action.CLOSE
    with ExitStack() as rooms:
        holds = {}
        for route, wanted in Counter(ranked.route for ranked in chunk).items():
            if sender is not None:
                holds[route] = rooms.enter_context(sender.hold(route, wanted, closing=closing))
        written = _decide_chunk(
            signal=signal, chunk=chunk, market=market, fence=fence, now=timezone.now(),
            rooms={route: hold.room for route, hold in holds.items()},
        )  # fmt: skip
        if written is None:
            return None
        for route, claimed in written.claimed.items():
            holds[route].send(claimed)
    return len(written.decided)


@transaction.atomic(durable=True)
def _decide_chunk(
    *, signal: Signal, chunk: Sequence[Ranked], market: MarketView, fence: int, now: datetime,
    rooms: Mapping[str, int],
) -> intend.Written | None:  # fmt: skip
    """One chunk; None when the lease has gone to somebody else."""
    held = SignalFanout.objects.filter(pk=signal.pk, fence=fence)
    if not held.update(lease_until=now + LEASE):
        return None
    budgets.lock([ranked.account_id for ranked in chunk])
    known = followers(chunk=chunk, symbol=signal.symbol)
    terms = signal_terms(signal)
    decided = []
    for ranked in chunk:
        who = known.get(ranked.subscription_id)
        if who is None or (terms.closing and who.in_flight):
            continue  # stopped since the list was made, or an open is out: close what it becomes
        spec, quote = market.of(who.venue)
        decided.append(intend.Decided(who, ranked.rank, decide(terms, who, spec, quote, now)))
    written = intend.write(signal=signal, decided=decided, rooms=rooms, now=now)
    held.update(receipts=F("receipts") + len(written.decided))
    _count(written, closing=terms.closing)
    tell_of_signal(signal=signal, followers=[each.follower.user_id for each in written.decided])
    return written


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
        valid_until=signal.valid_until,
    )


def overdue(now: datetime) -> list[SignalFanout]:
    """Fan-outs that nobody works on: never started within a second, or their lease ran out."""
    idle = Q(lease_until=None, created_at__lt=now - timedelta(seconds=1))
    return list(
        SignalFanout.objects.filter(idle | Q(lease_until__lt=now), done_at=None).order_by(
            "-closing", "created_at"
        )[:100]
    )


def _take_lease(signal_id: int, now: datetime) -> int | None:
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    taken = SignalFanout.objects.filter(free, pk=signal_id, done_at=None).update(
        lease_until=now + LEASE, fence=F("fence") + 1
    )
    if not taken:
        return None
    return SignalFanout.objects.values_list("fence", flat=True).get(pk=signal_id)


def _earlier_open_undecided(signal: Signal) -> bool:
    """An open said before this close must be decided first, or it would come after it."""
    return SignalFanout.objects.filter(
        done_at=None,
        closing=False,
        signal_id__lt=signal.pk,
        signal__strategy_id=signal.strategy_id,
        signal__symbol=signal.symbol,
    ).exists()


def _come_back(signal_id: int, fence: int, now: datetime) -> None:
    """Some followers' opens are still out: the sweeper asks again once they may be settled."""
    SignalFanout.objects.filter(pk=signal_id, fence=fence).update(lease_until=now + COME_BACK)


@transaction.atomic(durable=True)
def _drop_unsent_opens(signal: Signal, now: datetime) -> None:
    """What the strategy meant to open and is still only planned is not sent any more."""
    planned = Order.objects.filter(
        status=OrderStatus.PLANNED.value,
        closed_at=None,
        reduce_only=False,
        symbol=signal.symbol,
        side__in=_SIDES_CLOSED[signal.direction],
        subscription_id__in=CopySubscription.objects.filter(strategy_id=signal.strategy_id).values(
            "pk"
        ),
    )
    drop_planned(list(planned.values_list("pk", flat=True)), Code.CLOSED_BEFORE_SENT, now)


def _finish(signal_id: int, fence: int, now: datetime) -> None:
    SignalFanout.objects.filter(pk=signal_id, fence=fence).update(done_at=now, lease_until=None)
