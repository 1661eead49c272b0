"""Orders somebody must look at: unknown ones are asked about, acknowledged ones get their fills.

The rules are wire-facts §11.1: a lookup decides, never a resend; "no such order" proves absence
only once the venue can no longer accept the attempt *and* open orders and trades say so too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from mimic.ops.metrics import orders
from trading.domain.orders import Cause, OrderStatus
from trading.domain.ports import OrderState
from trading.domain.receipts import Code
from trading.execution import budgets, receipts, watched
from trading.execution.attempts import AttemptEnd, record
from trading.execution.books import Reported, book_fills
from trading.execution.divergences import LateFill, record_late_fills
from trading.execution.findings import UNCLEAR, Due, Finding, Found, note_looks
from trading.execution.transitions import ENDED_SHORT, Change, move
from trading.models import Order, SignalFanout

NEEDS_PERSON_AFTER = timedelta(minutes=5)
SLOWEST = timedelta(seconds=60)
FIRST = timedelta(milliseconds=500)
WATCHED_FIRST = timedelta(seconds=3)  # what a whole stream has not told by then is asked for
WATCHED_PACE = timedelta(seconds=5)
TOLD_BY_THEN = timedelta(seconds=5)
LOOKED_AT = ("open", "partially_filled", *UNCLEAR)
ASKED_BY_THEN = timedelta(seconds=10)
UNASKED = "nobody could ask the venue"
FANOUT_FIRST = timedelta(seconds=10)


# An order at the venue whose account's stream is whole is left to it at first, and asked about at
# a calmer pace; one that nobody is sure of never is.
_TAKE = """
WITH picked AS (
    SELECT o.id, o.acknowledged_at, w.account_id IS NOT NULL AS watched,
        w.account_id IS NOT NULL AND o.acknowledged_at > %(young_from)s AS young
      FROM trading_order o LEFT JOIN trading_accountstream w ON w.account_id = o.account_id
       AND w.state = 'live' AND w.alive_at > %(alive_from)s
       AND o.status IN ('open', 'partially_filled')
     WHERE o.due_at <= %(now)s AND {looked_at}
     ORDER BY o.due_at LIMIT %(limit)s FOR UPDATE OF o SKIP LOCKED
), waiting AS (
    UPDATE trading_order o SET due_at = p.acknowledged_at + (%(now)s - %(young_from)s)
      FROM picked p WHERE o.id = p.id AND p.young
), looked AS (
    UPDATE trading_orderattempt a SET lookups = a.lookups + 1 FROM picked p, trading_order o
     WHERE o.id = p.id AND NOT p.young AND a.order_id = o.id AND a.number = o.attempts
    RETURNING a.order_id, a.client_id, a.venue_order_id, a.reported_filled,
        coalesce(a.sent_at, a.claimed_at) AS sent,
        a.lookups, a.claimed_at, p.watched
), moved AS (
    UPDATE trading_order o
       SET due_at = %(now)s + make_interval(
           secs => least(CASE WHEN l.watched THEN %(calm)s ELSE %(first)s END
               * power(2, least(l.lookups, 10)), %(slowest)s))
      FROM looked l WHERE o.id = l.order_id
    RETURNING o.*
)
SELECT o.id, o.account_id, o.route, o.symbol, o.side, o.status, o.quantity, o.filled,
    o.valid_until, o.fence, l.client_id, l.venue_order_id, l.reported_filled, l.sent, l.lookups,
    l.claimed_at
  FROM moved o JOIN looked l ON l.order_id = o.id
"""


def _taking(statuses: Sequence[str]) -> str:
    """With constants: they have an index, and known orders are thousands in a fan-out."""
    quoted = ", ".join(f"'{status}'" for status in statuses)
    return _TAKE.replace("{looked_at}", f"o.status IN ({quoted})")


_TAKE_UNCLEAR, _TAKE_ALL = _taking(UNCLEAR), _taking(LOOKED_AT)


def _fanning_out(now: datetime) -> bool:
    """Whether followers are being decided for; one that drags on keeps nobody waiting longer."""
    running = SignalFanout.objects.filter(
        done_at=None, lease_until__gt=now, created_at__gt=now - FANOUT_FIRST
    )
    return running.exists()


@transaction.atomic(durable=True)
def take_due(*, limit: int, now: datetime) -> list[Due]:
    """Command: take orders whose look is due; each comes again later unless it is settled.

    The next look is 0.5 s × 2ⁿ away, at most 60 s (5 s × 2ⁿ where the account's user stream is
    whole), so a look that dies is simply repeated. While
    a signal is being fanned out only unclear orders are looked at: the others are known to be at
    the venue, and reading their fills would hold up orders that have not left yet.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _TAKE_UNCLEAR if _fanning_out(now) else _TAKE_ALL,
            {
                "now": now,
                "limit": limit,
                "first": FIRST.total_seconds(),
                "calm": WATCHED_PACE.total_seconds(),
                "young_from": now - WATCHED_FIRST,
                "alive_from": now - watched.STALE_AFTER,
                "slowest": SLOWEST.total_seconds(),
            },
        )
        return [Due(*row) for row in cursor.fetchall()]


@transaction.atomic(durable=True)
def put_off(due: Sequence[Due], *, seconds: float, now: datetime) -> None:
    """Command: these were not asked about and come again then, as if they had not been taken."""
    if not due:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH late AS (UPDATE trading_order SET due_at = %s WHERE id = ANY(%s) "
            "AND status = ANY(%s) RETURNING id, attempts) "
            "UPDATE trading_orderattempt a SET lookups = greatest(a.lookups - 1, 0) FROM late "
            "WHERE a.order_id = late.id AND a.number = late.attempts",
            [
                now + timedelta(seconds=seconds),
                [each.order_id for each in due],
                list(LOOKED_AT),
            ],
        )


@transaction.atomic(durable=True)
def settle_found(*, found: Sequence[Found], now: datetime) -> None:
    """Command: write what looking showed."""
    placed = [each for each in found if each.finding is Finding.PLACED]
    absent = [each for each in found if each.finding is Finding.ABSENT]
    unclear = [each for each in found if each.finding is Finding.UNCLEAR]
    note_looks([each for each in found if each.due.unclear], now)
    touched = _adopt(placed, now) | _absent(absent, now) | _give_up(unclear, now)
    receipts.announce(sorted(touched))


def _adopt(placed: Sequence[Found], now: datetime) -> set[int]:
    record(
        [
            AttemptEnd(
                each.due.client_id, "confirmed", None, now, each.venue_order_id,
                reported_filled=each.executed,
            )
            for each in placed
        ]
    )  # fmt: skip
    asked = [
        Change(each.due.order_id, fence=each.due.fence, due_at=now, acknowledged_at=now)
        for each in placed
        if each.due.unclear
    ]
    moved = move(Cause.ACKNOWLEDGE, asked, now)
    receipts.follow(Cause.ACKNOWLEDGE, moved)
    reports = [Reported(each.due.order_id, fill) for each in placed for fill in each.fills]
    changed = book_fills(reports=reports, now=now) if reports else set()
    late = [
        fill
        for each in placed
        if each.due.order_id in changed
        and (fill := _late(each)) is not None
        and fill.since < now - TOLD_BY_THEN
    ]
    watched.doubt({each.order_id for each in late}, now)
    record_late_fills(late, now=now)
    return moved | changed | _finish(placed, now)


def _late(found: Found) -> LateFill | None:
    """What asking found beyond what was booked when it was asked."""
    total = Decimal(0)
    since: datetime | None = None
    for fill in sorted(found.fills, key=lambda each: each.at):
        total += fill.quantity
        if since is None and total > found.due.filled:
            since = fill.at
    return LateFill(found.due.order_id, found.due.filled, total, since) if since else None


def _wishes(among: Sequence[Found]) -> dict[int, str]:
    """Why each of these orders was to be cancelled, where somebody wished it."""
    wished = Order.objects.filter(
        pk__in=[each.due.order_id for each in among], cancel_asked_at__isnull=False
    )
    return dict(wished.values_list("pk", "cancel_code")) if among else {}


def _finish(placed: Sequence[Found], now: datetime) -> set[int]:
    """Orders that ended at the venue short of their quantity end here, once all fills are in.

    Those that we cancelled say why we did, not that the venue did.
    """
    wishes = _wishes([each for each in placed if each.state is OrderState.CANCELLED])
    ended: dict[Cause, list[Change]] = {Cause.CANCEL: [], Cause.EXPIRE: [], Cause.REFUSE: []}
    empty = {each.due.order_id for each in placed if each.executed == 0}
    for each in placed:
        cause = ENDED_SHORT.get(each.state) if each.state else None
        booked = sum((fill.quantity for fill in each.fills), Decimal(0))
        if cause is not None and booked >= each.executed:
            code = wishes.get(each.due.order_id) or f"venue.{each.state}"
            ended[cause].append(Change(each.due.order_id, code=code))
    moved: set[int] = set()
    for cause, changes in ended.items():
        done = move(cause, changes, now)
        budgets.release(sorted(done))
        # What the venue let expire was tried and failed; what filled in part was executed.
        told = Cause.CANCEL if cause is Cause.EXPIRE else cause
        receipts.follow(told, (done & empty) - wishes.keys())
        receipts.follow(Cause.EXPIRE, done & empty & wishes.keys())
        moved |= done
    return moved


def _absent(absent: Sequence[Found], now: datetime) -> set[int]:
    """Proven never placed: a new attempt while the signal is valid and nobody wants the order gone,
    else the reason why not.
    """
    record([AttemptEnd(each.due.client_id, "not_placed", None, now) for each in absent])
    valid: list[Change] = []
    late: list[Change] = []
    wishes = _wishes(absent)
    for each in absent:
        stale = each.due.valid_until is not None and each.due.valid_until < now
        code = wishes.get(each.due.order_id) or (Code.SIGNAL_TOO_OLD.value if stale else "")
        change = Change(each.due.order_id, fence=each.due.fence, code=code)
        (late if code else valid).append(change)
    moved = move(Cause.RELEASE, valid, now)
    receipts.follow(Cause.RELEASE, moved)
    expired = move(Cause.EXPIRE, late, now)
    receipts.follow(Cause.EXPIRE, expired)
    budgets.release(sorted(expired))
    return moved | expired


def _give_up(unclear: Sequence[Found], now: datetime) -> set[int]:
    """A person has to look at what stays unknown, and at what is known and not to be found: until
    then the copy's closes wait for it.
    """
    overdue = [
        Change(
            each.due.order_id,
            fence=each.due.fence,
            code=Code.NEEDS_PERSON.value,
            message=each.message,
            due_at=now + SLOWEST,
        )
        for each in unclear
        if (each.missing or each.due.status == OrderStatus.UNKNOWN.value)
        and now - each.due.sent_at > NEEDS_PERSON_AFTER
    ]
    moved = move(Cause.GIVE_UP, overdue, now)
    receipts.follow(Cause.GIVE_UP, moved)
    return moved


@transaction.atomic(durable=True)
def give_up_unasked(*, now: datetime) -> int:
    """Command: unknown past the deadline though nobody could ask: keys that cannot be opened, a
    venue that lets nobody ask, no budget left. A person has to look; looks go on where they can.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.id, o.fence FROM trading_order o JOIN trading_orderattempt a "
            "ON a.order_id = o.id AND a.number = o.attempts WHERE o.status = %s "
            "AND coalesce(a.sent_at, a.claimed_at) < %s LIMIT 1000",
            [OrderStatus.UNKNOWN.value, now - NEEDS_PERSON_AFTER - ASKED_BY_THEN],
        )
        rows = cursor.fetchall()
    code, due = Code.NEEDS_PERSON.value, now + SLOWEST
    changes = [Change(row[0], fence=row[1], code=code, message=UNASKED, due_at=due) for row in rows]
    moved = move(Cause.GIVE_UP, changes, now)
    receipts.follow(Cause.GIVE_UP, moved)
    receipts.announce(sorted(moved))
    return len(moved)


@transaction.atomic(durable=True)
def lose_expired_leases(*, now: datetime) -> int:
    """Command: a sender died or stalled; whether its POST left is unknown, so it is asked.

    The fence moves on, so that the stalled sender's own answer changes nothing when it wakes.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_order SET fence = fence + 1 WHERE id IN (SELECT id FROM trading_order "
            "WHERE status = %s AND due_at < %s AND lease_until < %s ORDER BY id LIMIT 1000 "
            "FOR UPDATE SKIP LOCKED) RETURNING id, fence",
            [OrderStatus.SENDING.value, now, now],
        )
        rows = cursor.fetchall()
        cursor.execute(
            "UPDATE trading_orderattempt a SET outcome = 'unknown', "
            "sent_at = coalesce(a.sent_at, %s) FROM trading_order o "
            "WHERE o.id = ANY(%s) AND a.order_id = o.id AND a.number = o.attempts "
            "AND a.outcome = 'sending'",
            [now, [row[0] for row in rows]],
        )
    changes = [Change(row[0], fence=row[1], due_at=now) for row in rows]
    moved = move(Cause.LOSE, changes, now)
    receipts.follow(Cause.LOSE, moved)
    receipts.announce(sorted(moved))
    orders.labels("", Cause.LOSE.value).inc(len(moved))
    return len(moved)
