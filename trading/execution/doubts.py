"""What an operator may decide about an order of which nobody is sure.

Each decision is on record beside the looks that led to it. The engine goes on watching: an order
that is said to be absent and fills all the same is booked, for fills are facts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from mimic.core.errors import Conflict
from trading.domain.orders import Cause
from trading.domain.receipts import Code
from trading.execution import budgets, receipts
from trading.execution.attempts import AttemptEnd, record
from trading.execution.findings import UNCLEAR
from trading.execution.nudge import nudge_send
from trading.execution.transitions import Change, move
from trading.models import LookFinding, Order, OrderAttempt, OrderLook

LONGEST_WINDOW = timedelta(minutes=2)
"""After it no venue accepts what was sent before: the longest receive window twice."""


class NotInDoubt(Conflict):
    """Somebody, or the engine, knew better meanwhile."""

    code = "order_not_in_doubt"
    title = "The order is not in doubt any more"


class MayStillArrive(Conflict):
    """It is too early to call an order absent."""

    code = "order_may_still_arrive"
    title = "The venue may still accept this order"


@transaction.atomic(durable=True)
def say_placed(*, order_id: int, by: User, reason: str, now: datetime) -> None:
    """Command: the venue has it. It counts as open, and its fills are asked for at once."""
    order, attempt = _locked(order_id)
    record([AttemptEnd(attempt.client_id, "confirmed", None, now)])
    change = Change(order.pk, due_at=now, acknowledged_at=now)
    _follow(order, Cause.ACKNOWLEDGE, change, now)
    _note(attempt, LookFinding.SAID_PLACED, by, reason, now)


@transaction.atomic(durable=True)
def say_absent(*, order_id: int, by: User, reason: str, now: datetime) -> None:
    """Command: the venue does not have it. An open ends here; a close is sent again, because it
    can only reduce what is held. Raises MayStillArrive too early.
    """
    order, attempt = _locked(order_id)
    sent_at = attempt.sent_at or attempt.claimed_at
    if now < sent_at + LONGEST_WINDOW:
        raise MayStillArrive
    record([AttemptEnd(attempt.client_id, "not_placed", None, now)])
    again = order.reduce_only and not order.cancel_code
    code = order.cancel_code or Code.DECLARED_ABSENT.value
    change = Change(order.pk, code="" if again else code)
    _follow(order, Cause.RELEASE if again else Cause.EXPIRE, change, now)
    if again:
        nudge_send(routes=[order.route], closing=True, orders=1)
    else:
        budgets.release([order.pk])
    _note(attempt, LookFinding.SAID_ABSENT, by, reason, now)


@transaction.atomic(durable=True)
def look_again(*, order_id: int, by: User, reason: str, now: datetime) -> None:
    """Command: the venue is asked at once, whenever the next look was due."""
    order, attempt = _locked(order_id)
    Order.objects.filter(pk=order.pk).update(due_at=now)
    _note(attempt, LookFinding.ASKED_AGAIN, by, reason, now)


def _locked(order_id: int) -> tuple[Order, OrderAttempt]:
    """The order and its newest attempt, held until the end. Raises NotInDoubt."""
    order = Order.objects.select_for_update(of=("self",)).get(pk=order_id)
    if order.status not in UNCLEAR:
        raise NotInDoubt(order.get_status_display())
    return order, order.tries.get(number=order.attempts)


def _follow(order: Order, cause: Cause, change: Change, now: datetime) -> None:
    moved = move(cause, [change], now)
    receipts.follow(cause, moved)
    receipts.announce(sorted(moved))


def _note(
    attempt: OrderAttempt, finding: LookFinding, by: User, reason: str, now: datetime
) -> None:
    OrderLook.objects.create(
        order_id=attempt.order_id,
        client_id=attempt.client_id,
        at=now,
        finding=finding,
        by=by,
        reason=reason[:200],
    )
