"""How much a paper order may close, for a venue never lets a reduce-only order do more.

Paper's position is what our books hold, and a fill is booked a little after it was told. So what
other closes that are out may take is taken off first: whichever of two comes second sees the other,
and if together they want more than there is, both may be cut. What is left is then closed anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from mimic.core.bulk import columns_of
from trading.domain.ports import AccountSession, OrderRequest


class Reducing(NamedTuple):
    """A reduce-only order, as its POST names it."""

    client_id: str
    account_id: int
    symbol: str
    position_side: str
    side: str

    @classmethod
    def of(cls, session: AccountSession, order: OrderRequest) -> Reducing:
        """The order, sent for this account."""
        return cls(
            order.client_id, session.account_id, order.symbol, order.position_side.value,
            order.side.value,
        )  # fmt: skip


Rooms = Mapping[str, Decimal]
"""By client id: unsigned base units, never below zero."""

_ROOMS = """
SELECT c.client_id, greatest(0,
    coalesce((SELECT CASE c.side WHEN 'sell' THEN p.quantity ELSE -p.quantity END
        FROM trading_position p WHERE p.account_id = c.account_id AND p.symbol = c.symbol
         AND p.position_side = c.position_side), 0)
    - coalesce((SELECT sum(o.quantity - o.filled) FROM trading_order o
       WHERE o.account_id = c.account_id AND o.symbol = c.symbol AND o.closed_at IS NULL
         AND o.position_side = c.position_side AND o.side = c.side AND o.reduce_only
         AND o.status IN ('sending', 'unknown', 'needs_person')
         AND o.id IS DISTINCT FROM (SELECT a.order_id FROM trading_orderattempt a
             WHERE a.client_id = c.client_id)), 0))
  FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[])
    AS c(client_id, account_id, symbol, position_side, side)
"""


def rooms_of(asked: Sequence[Reducing]) -> Rooms:
    """One statement, so one moment, for all of them."""
    with connection.cursor() as cursor:
        cursor.execute(_ROOMS, columns_of(asked, len(Reducing._fields)))
        return dict(cursor.fetchall())


class RoomReader:
    """Asks for many at once: those that come while a question is out go together into the next."""

    def __init__(self, read: Callable[[Sequence[Reducing]], Rooms]) -> None:
        self._read = read
        self._waiting: dict[str, Reducing] = {}
        self._known: dict[str, Decimal] = {}
        self._asking = asyncio.Lock()

    async def of(self, order: Reducing) -> Decimal:
        """Raises what reading raised."""
        self._waiting[order.client_id] = order
        async with self._asking:
            if order.client_id not in self._known:
                asked = list(({**self._waiting, order.client_id: order}).values())
                self._waiting.clear()
                self._known |= await asyncio.to_thread(self._read, asked)
            return self._known.pop(order.client_id)
