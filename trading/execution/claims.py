"""Taking work: what may not be sent ends with its reason, the rest is claimed with sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction

from mimic.core.bulk import array_of
from trading.domain.orders import Cause, OrderStatus, client_id
from trading.domain.ports import AccountSession
from trading.domain.receipts import Code
from trading.execution import budgets, receipts
from trading.execution.attempts import AttemptEnd, record
from trading.execution.egress_selectors import Way
from trading.execution.key_guard import screen
from trading.execution.reach import with_reach
from trading.execution.sessions import load_sessions
from trading.execution.transitions import Change, Claimed, claim, move
from trading.models import KillSwitch, Order

KEYLESS = "the account's keys cannot be opened"


class Job(NamedTuple):
    """A claimed order with the account it goes to."""

    order: Claimed
    session: AccountSession


def take_orders(
    *, route: str, closing: bool, limit: int, now: datetime, way: Way | None = None
) -> list[Claimed]:
    """Command: claim up to ``limit`` planned orders of a route, attempts written and committed."""
    if not closing:
        drop_killed(now=now, route=route)
    with transaction.atomic(durable=True):
        return claim(route=route, closing=closing, limit=limit, now=now, way=way)


@transaction.atomic(durable=True)
def put_back(late: Sequence[tuple[Claimed, float]], now: datetime) -> None:
    """Command: orders that must not leave yet are planned again; nothing of them was sent.

    Each comes with the seconds after which it may be claimed.
    """
    message = "kept back: the venue's limits"
    record([AttemptEnd(o.client_id, "refused", None, now, message=message) for o, _ in late])
    changes = [
        Change(order.order_id, fence=order.fence, due_at=now + timedelta(seconds=wait))
        for order, wait in late
    ]
    receipts.follow(Cause.RELEASE, move(Cause.RELEASE, changes, now))


def equip(claimed: Sequence[Claimed], *, now: datetime) -> list[Job]:
    """Command: claimed orders with their accounts' sessions.

    An order whose account's keys cannot be opened, or are not to be used for it, is refused with
    that reason, not left.
    """
    sessions = load_sessions(order.account_id for order in claimed)
    keyless = [order for order in claimed if order.account_id not in sessions]
    if keyless:
        _refuse(dict.fromkeys(keyless, KEYLESS), Code.ACCOUNT_INACTIVE, now)
    keyed = [order for order in claimed if order.account_id in sessions]
    objections = screen(keyed, sessions, now=now)
    if objections:
        kept = [order for order in keyed if order.order_id in objections]
        words = {order: f"key guard: {objections[order.order_id].value}" for order in kept}
        _refuse(words, Code.KEY_GUARD, now)
    return [
        Job(order, sessions[order.account_id])
        for order in keyed
        if order.order_id not in objections
    ]


def expire_stale(*, now: datetime, why: Callable[[str], Code]) -> int:
    """Command: planned opens past their validity end here; they are claimed no more.

    ``why`` tells what kept a route's opens back.
    """
    stale = Order.objects.filter(
        status=OrderStatus.PLANNED.value, reduce_only=False, valid_until__lt=now
    )
    by_route: dict[str, list[int]] = defaultdict(list)
    for route, order_id in stale.values_list("route", "pk")[:1_000]:
        by_route[route].append(order_id)
    return sum(end_planned(ids, why(route), now) for route, ids in by_route.items())


_KILLED = with_reach(
    """
SELECT o.id, o.fence, o.attempts FROM trading_order o
  JOIN trading_exchangeaccount a ON a.id = o.account_id
  LEFT JOIN trading_copysubscription s ON s.id = o.subscription_id
 WHERE o.status = %(status)s AND NOT o.reduce_only
   AND (%(route)s::text IS NULL OR o.route = %(route)s)
   AND (%(ids)s::bigint[] IS NULL OR o.id = ANY(%(ids)s::bigint[]))
   AND EXISTS (SELECT FROM trading_killswitch k WHERE k.lifted_at IS NULL AND {reached})
""",
    symbol="o.symbol",
)


class Killed(NamedTuple):
    """An open that a kill switch reaches, as it stood when it was read."""

    order_id: int
    fence: int
    attempt: int


def drop_killed(*, now: datetime, route: str | None = None) -> int:
    """Command: planned opens that a kill switch reaches end here; nothing of them was sent."""
    found = _killed(OrderStatus.PLANNED, route=route)
    return end_planned([each.order_id for each in found], Code.KILL_SWITCH, now) if found else 0


def killed_among(order_ids: Sequence[int]) -> list[Killed]:
    """Those of claimed orders that are opens which a kill switch reaches by now."""
    return _killed(OrderStatus.SENDING, order_ids=order_ids)


def _killed(
    status: OrderStatus, *, route: str | None = None, order_ids: Sequence[int] | None = None
) -> list[Killed]:
    if not KillSwitch.objects.filter(lifted_at=None).exists():
        return []
    ids = None if order_ids is None else array_of(order_ids)
    with connection.cursor() as cursor:
        cursor.execute(_KILLED, {"status": status.value, "route": route, "ids": ids})
        return list(map(Killed._make, cursor.fetchall()))


@transaction.atomic(durable=True)
def end_recalled(recalled: Sequence[Killed], now: datetime) -> int:
    """Command: claimed opens end by a kill switch. The caller knows that no byte of them left."""
    message = "kept back: a kill switch"
    names = [client_id(settings.MIMIC_INSTANCE, each.order_id, each.attempt) for each in recalled]
    record([AttemptEnd(name, "refused", None, now, message=message) for name in names])
    changes = [Change(each.order_id, fence=each.fence) for each in recalled]
    return drop_planned(sorted(move(Cause.RELEASE, changes, now)), Code.KILL_SWITCH, now)


@transaction.atomic(durable=True)
def end_planned(order_ids: Sequence[int], code: Code, now: datetime) -> int:
    """Command: expire these orders if they are still only planned; receipts say why."""
    return drop_planned(order_ids, code, now)


@transaction.atomic
def drop_planned(order_ids: Sequence[int], code: Code, now: datetime) -> int:
    """Operation: like :func:`end_planned`, inside the caller's transaction."""
    changes = [Change(order_id, code=code.value) for order_id in sorted(order_ids)]
    planned = (
        Order.objects.filter(
            pk__in=[change.order_id for change in changes], status=OrderStatus.PLANNED.value
        )
        .select_for_update(of=("self",))
        .order_by("pk")
    )
    waiting = set(planned.values_list("pk", flat=True))
    moved = move(Cause.EXPIRE, [each for each in changes if each.order_id in waiting], now)
    _follow(Cause.EXPIRE, moved)
    return len(moved)


@transaction.atomic(durable=True)
def _refuse(orders: Mapping[Claimed, str], code: Code, now: datetime) -> None:
    record(
        [AttemptEnd(o.client_id, "refused", None, now, message=text) for o, text in orders.items()]
    )
    changes = [
        Change(order.order_id, fence=order.fence, code=code.value, message=text)
        for order, text in orders.items()
    ]
    _follow(Cause.REFUSE, move(Cause.REFUSE, changes, now))


def _follow(cause: Cause, moved: set[int]) -> None:
    receipts.follow(cause, moved)
    budgets.release(sorted(moved))
    receipts.announce(sorted(moved))
