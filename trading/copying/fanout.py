"""One signal into every follower's receipt and order: decide and intend, a chunk at a time.

A chunk is one transaction. A worker that dies loses its chunk and nothing else: the lease runs
out, the sweeper asks again, and followers who have their receipt are not asked twice.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from mimic.jobs.enqueue import enqueue
from signals.events import SignalPublished
from signals.models import Action, Direction, Signal
from trading.copying.chunks import LEASE, Chunks
from trading.copying.followers import still_to_decide
from trading.copying.pending import end_with_close
from trading.copying.turns import held_back
from trading.copying.venue_leverage import note_signal
from trading.domain.ports import Side
from trading.domain.receipts import Code
from trading.execution.cancels import cancel_orders, out_long_enough
from trading.execution.sender import Sender
from trading.models import CopySubscription, ExecutionKey, Order, Origin, Repair, SignalFanout

COME_BACK = timedelta(milliseconds=500)
JOB = "trading.fan_out"
_ASKED_BY_SIGNAL = (Origin.SIGNAL, Origin.JOIN)  # their ``origin_id`` is the signal's
_SIDES_OPENED = {
    Direction.LONG: [Direction.LONG],
    Direction.SHORT: [Direction.SHORT],
    Direction.ANY: [Direction.LONG, Direction.SHORT],
}
_SIDES_CLOSED = {
    Direction.LONG.value: [Side.BUY.value],
    Direction.SHORT.value: [Side.SELL.value],
    Direction.ANY.value: [Side.BUY.value, Side.SELL.value],
}


# Beside each signal, by the statement that writes it: the row is the queue, the job only a nudge.
KEPT_BESIDE = """INSERT INTO trading_signalfanout (signal_id, closing, fence, receipts, created_at)
SELECT id, action = 'close', 0, 0, received_at FROM signal"""


def nudge_fanout(event: SignalPublished) -> None:
    enqueue(JOB, queue="closes" if event.closing else "", signal_ids=[event.signal_id])


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
    if closing:
        _cancel_opens(signal, now)
    waiting = still_to_decide(signal_id=signal_id, strategy_id=signal.strategy_id, closing=closing)
    held = held_back(signal)
    ready = [each for each in waiting if each.subscription_id not in held] if held else waiting
    work = Chunks(signal=signal, fence=fence, waiting=ready, sender=sender)
    work.run()
    if work.lost:
        return work.written
    if work.written < len(waiting):
        _come_back(signal_id, fence, timezone.now())
    else:
        _finish(signal_id, fence, timezone.now())
        if not closing:
            note_signal(signal)
    return work.written


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


def _come_back(signal_id: int, fence: int, now: datetime) -> None:
    """Some followers' opens are still out: the sweeper asks again once they may be settled."""
    SignalFanout.objects.filter(pk=signal_id, fence=fence).update(lease_until=now + COME_BACK)


@transaction.atomic(durable=True)
def _cancel_opens(signal: Signal, now: datetime) -> None:
    """What the strategy meant to open and has not: unsent it ends here, at the venue it is
    cancelled, and the close waits for what it becomes. Receipts that wait for a person end first:
    an approval holds its receipt, so what it ordered is seen here, or it finds the receipt ended.

    Done again while any follower waits, so what was said after the close is left alone.
    """
    end_with_close(signal, _SIDES_OPENED[Direction(signal.direction)], now)
    repairs = Repair.objects.filter(signal_id__lt=signal.pk, pk=OuterRef("origin_id"))
    said_before = Q(origin_kind__in=_ASKED_BY_SIGNAL, origin_id__lt=signal.pk) | Q(
        Exists(repairs), origin_kind=Origin.CONVERGE
    )
    opens = Order.objects.filter(
        out_long_enough(now),
        said_before,
        closed_at=None,
        cancel_asked_at=None,
        reduce_only=False,
        symbol=signal.symbol,
        side__in=_SIDES_CLOSED[signal.direction],
        subscription_id__in=CopySubscription.objects.filter(strategy_id=signal.strategy_id).values(
            "pk"
        ),
    )
    cancel_orders(
        list(opens.values_list("pk", flat=True)),
        Code.CLOSED_BEFORE_SENT,
        now,
        sent=Code.CLOSED_BEFORE_FILLED,
    )


def _finish(signal_id: int, fence: int, now: datetime) -> None:
    SignalFanout.objects.filter(pk=signal_id, fence=fence).update(
        done_at=now,
        lease_until=None,
        receipts=ExecutionKey.objects.filter(signal_id=signal_id).count(),
    )
