"""New orders into the database: planned for whoever claims them, or in their sender's hands.

The one other place beside :mod:`trading.execution.transitions` where a status is written: an
order has no state before its first, and that one is given here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings

from mimic.core.bulk import copy_rows, new_time_ids
from mimic.core.ids import uuid7s
from trading.domain.orders import OrderStatus, client_id
from trading.execution.transitions import LEASE, Claimed

_FIRST = 1  # attempt and fence of an order that is born claimed

_ORDER_COLUMNS = (
    "id", "public_id", "origin_kind", "origin_id", "leg", "account_id", "execution_id",
    "subscription_id", "route", "symbol", "side", "position_side", "reduce_only", "quantity",
    "leverage", "margin_reserved", "status", "code", "message", "filled", "rank", "attempts",
    "fence", "lease_until", "due_at", "valid_until", "created_at",
)  # fmt: skip
_ATTEMPT_COLUMNS = (
    "order_id", "number", "client_id", "outcome", "fence", "claimed_at", "venue_order_id",
    "venue_code", "message", "reported_filled", "lookups",
)  # fmt: skip


class Born(NamedTuple):
    """An intent before it has an id. ``margin`` is what it reserves in the account's currency.

    ``mine``: the caller sends it itself, right after its transaction has committed.
    """

    origin_kind: str
    origin_id: int
    leg: int
    account_id: int
    execution_id: int | None
    subscription_id: int | None
    route: str
    symbol: str
    side: str
    position_side: str
    reduce_only: bool
    quantity: Decimal
    leverage: int
    margin: Decimal
    rank: int
    valid_until: datetime | None
    mine: bool


def write_orders(born: Sequence[Born], now: datetime) -> dict[str, list[Claimed]]:
    """Operation: insert them; returns by route those that are the caller's, in the given order.

    Their attempts and client ids are in the same transaction: nothing may be sent before its
    commit. Raises IntegrityError when an intent exists already.
    """
    if not born:
        return {}
    ids = new_time_ids(len(born))
    copy_rows(
        "trading_order",
        _ORDER_COLUMNS,
        [
            _row(each, order_id, public_id, now)
            for each, order_id, public_id in zip(born, ids, uuid7s(len(born)), strict=True)
        ],
    )
    claimed = [
        (each.route, _claimed(each, order_id, now))
        for each, order_id in zip(born, ids, strict=True)
        if each.mine
    ]
    copy_rows("trading_orderattempt", _ATTEMPT_COLUMNS, [_attempt(c, now) for _, c in claimed])
    by_route: dict[str, list[Claimed]] = defaultdict(list)
    for route, each_claimed in claimed:
        by_route[route].append(each_claimed)
    return by_route


def _row(each: Born, order_id: int, public_id: str, now: datetime) -> tuple[object, ...]:
    status = OrderStatus.SENDING if each.mine else OrderStatus.PLANNED
    lease = now + LEASE if each.mine else None
    held = _FIRST if each.mine else 0
    return (
        order_id, public_id, each.origin_kind, each.origin_id, each.leg, each.account_id,
        each.execution_id, each.subscription_id, each.route, each.symbol, each.side,
        each.position_side, each.reduce_only, each.quantity, each.leverage, each.margin,
        status.value, "", "", 0, each.rank, held, held, lease, lease, each.valid_until, now,
    )  # fmt: skip


def _claimed(each: Born, order_id: int, now: datetime) -> Claimed:
    return Claimed(
        order_id,
        _FIRST,
        _FIRST,
        each.account_id,
        each.symbol,
        each.side,
        each.position_side,
        each.reduce_only,
        each.quantity,
        client_id(settings.MIMIC_INSTANCE, order_id, _FIRST),
        now + LEASE,
    )


def _attempt(order: Claimed, now: datetime) -> tuple[object, ...]:
    return (
        order.order_id, order.attempt, order.client_id, "sending", order.fence, now, "", "", "",
        0, 0,
    )  # fmt: skip
