"""What came back from a venue into the database, in bulk: attempts, orders, receipts, fills.

Nothing here decides what an answer means (the gateway did) and nothing here sends.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from mimic.ops.metrics import order_unknown, orders
from trading.domain.orders import Cause
from trading.domain.ports import Outcome, SendResult
from trading.execution import budgets, receipts, watched
from trading.execution.attempts import AttemptEnd, record
from trading.execution.books import Reported, book_fills
from trading.execution.findings import UNCLEAR
from trading.execution.transitions import ENDED_SHORT, Change, Claimed, move
from trading.market.refresh import DOUBTED
from trading.models import ExchangeAccount, Instrument

LONGEST_PAUSE = 30.0  # seconds
FIRST_LOOK = timedelta(milliseconds=500)
_KEYS_REFUSED = "venue.auth"
_RULES = frozenset(
    {
        "venue.precision",
        "venue.filter",
        "venue.min_notional",
        "venue.bad_symbol",
        "venue.close_only",
    }
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A sent order with how its POST ended. Times are aware UTC."""

    order: Claimed
    result: SendResult
    sent_at: datetime
    answered_at: datetime


@transaction.atomic(durable=True)
def settle_answers(*, route: str, answers: Sequence[Answer], now: datetime) -> None:
    """Command: write how these POSTs ended, and book the fills that came with them.

    An answer whose order has another fence by now is late: its attempt is recorded, and the
    order is left to whoever holds it. What happened, happened all the same: fills are booked, and
    an order in doubt is known to exist if its newest attempt was confirmed.
    """
    record([_attempt_end(answer) for answer in answers])
    by_cause: dict[Cause, list[Answer]] = defaultdict(list)
    for answer in answers:
        by_cause[_cause(answer)].append(answer)
    moved: dict[Cause, set[int]] = {}
    for cause in sorted(by_cause):
        changes = [_change(cause, answer, now) for answer in by_cause[cause]]
        moved[cause] = move(cause, changes, now)
        if cause is Cause.ACKNOWLEDGE:
            moved[cause] |= _exist_after_all(by_cause[cause], moved[cause], now)
        receipts.follow(cause, moved[cause])
        orders.labels(route, cause.value).inc(len(moved[cause]))
    _overtaken(by_cause[Cause.ACKNOWLEDGE], moved.get(Cause.ACKNOWLEDGE, set()))
    budgets.release(sorted(moved.get(Cause.REFUSE, ())))
    _doubt_rules(by_cause[Cause.REFUSE])
    _doubt_keys(by_cause[Cause.REFUSE], now)
    order_unknown.labels(route).inc(len(moved.get(Cause.LOSE, ())))
    reports = [
        Reported(answer.order.order_id, fill) for answer in answers for fill in answer.result.fills
    ]
    changed = book_fills(reports=reports, now=now) if reports else set()
    _end_short(by_cause[Cause.ACKNOWLEDGE], now)
    receipts.announce(sorted(set().union(changed, *moved.values())))


def _doubt_rules(refused: Sequence[Answer]) -> None:
    """The venue's rules are not those that we decided by: they are to be read anew."""
    accounts: dict[str, set[int]] = defaultdict(set)
    for answer in refused:
        if answer.result.code in _RULES:
            accounts[answer.order.symbol].add(answer.order.account_id)
    for symbol in sorted(accounts):
        venues = ExchangeAccount.objects.filter(pk__in=accounts[symbol]).values("venue_id")
        Instrument.objects.filter(venue_id__in=venues, symbol=symbol).update(refreshed_at=DOUBTED)


def _doubt_keys(refused: Sequence[Answer], now: datetime) -> None:
    """A stream that is connected goes on though its keys were taken back. Opened anew it is not let
    in, and that pauses the account's copies and has the keys checked.
    """
    refusing = [each.order.order_id for each in refused if each.result.code == _KEYS_REFUSED]
    watched.doubt(refusing, now)


_IN_DOUBT_YET = """
SELECT o.id, o.fence FROM trading_order o
  JOIN unnest(%s::bigint[], %s::int[]) AS c(id, attempt) ON o.id = c.id AND o.attempts = c.attempt
 WHERE o.status = ANY(%s) ORDER BY o.id FOR UPDATE OF o
"""


def _exist_after_all(confirmed: Sequence[Answer], moved: set[int], now: datetime) -> set[int]:
    """Their senders were given up, and what the venue confirms is their newest attempt. Left in
    doubt they could be taken for absent by lists that lag: a trade of an order that has a venue's
    id is no strange one.
    """
    late = {each.order.order_id: each for each in confirmed if each.order.order_id not in moved}
    if not late:
        return set()
    attempts = [each.order.attempt for each in late.values()]
    with connection.cursor() as cursor:
        cursor.execute(_IN_DOUBT_YET, [list(late), attempts, list(UNCLEAR)])
        fences: dict[int, int] = dict(cursor.fetchall())
    return move(
        Cause.ACKNOWLEDGE,
        [
            _change(Cause.ACKNOWLEDGE, late[key], now)._replace(fence=fence)
            for key, fence in fences.items()
        ],
        now,
    )


def _overtaken(confirmed: Sequence[Answer], moved: set[int]) -> None:
    """The venue's stream told of their fills before their answers came: they lack the times."""
    late = [answer for answer in confirmed if answer.order.order_id not in moved]
    if not late:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trading_order o SET sent_at = coalesce(o.sent_at, c.sent_at), "
            "acknowledged_at = coalesce(o.acknowledged_at, c.answered_at) "
            "FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) "
            "AS c(id, sent_at, answered_at) WHERE o.id = c.id AND o.filled > 0 RETURNING o.id",
            [
                [answer.order.order_id for answer in late],
                [answer.sent_at for answer in late],
                [answer.answered_at for answer in late],
            ],
        )
        receipts.follow(Cause.ACKNOWLEDGE, [row[0] for row in cursor.fetchall()])


def _end_short(confirmed: Sequence[Answer], now: datetime) -> None:
    """Over at the venue, and all that they executed came with the answer: nothing is to be asked.

    Whoever holds the order by now: what was told of it happened.
    """
    ended: dict[Cause, list[Change]] = defaultdict(list)
    for answer in confirmed:
        state, told = answer.result.venue_status, answer.result.fills
        if (
            state in ENDED_SHORT
            and told
            and sum(f.quantity for f in told) >= answer.result.executed
        ):
            change = Change(answer.order.order_id, code=f"venue.{state}")
            ended[ENDED_SHORT[state]].append(change)
    for cause, changes in sorted(ended.items()):
        budgets.release(sorted(move(cause, changes, now)))


def _cause(answer: Answer) -> Cause:
    if answer.result.outcome is Outcome.CONFIRMED:
        return Cause.ACKNOWLEDGE
    if answer.result.outcome is Outcome.UNKNOWN:
        return Cause.LOSE
    return Cause.RELEASE if answer.result.retryable else Cause.REFUSE


def _change(cause: Cause, answer: Answer, now: datetime) -> Change:
    """What may be tried again is, for as long as its signal is valid; a close until it is done."""
    result = answer.result
    pause = result.retry_after or min(2.0**answer.order.attempt, LONGEST_PAUSE)
    due = {
        Cause.ACKNOWLEDGE: None if result.fills else now + FIRST_LOOK,
        Cause.LOSE: now + FIRST_LOOK,
        Cause.RELEASE: now + timedelta(seconds=pause),
        Cause.REFUSE: None,
    }[cause]
    confirmed = cause is Cause.ACKNOWLEDGE
    return Change(
        answer.order.order_id,
        fence=answer.order.fence,
        code=result.code,
        message=result.message,
        due_at=due,
        sent_at=answer.sent_at,
        acknowledged_at=answer.answered_at if confirmed else None,
    )


def _attempt_end(answer: Answer) -> AttemptEnd:
    result = answer.result
    return AttemptEnd(
        answer.order.client_id,
        result.outcome.value,
        answer.sent_at,
        answer.answered_at,
        result.venue_order_id,
        result.venue_code,
        result.message,
        result.executed,
    )
