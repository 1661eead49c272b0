"""Repairs in the database: taken, read with the books as they are, written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from mimic.core.bulk import array_of, columns_of
from trading.domain.decide import PlannedOrder
from trading.domain.repairs import Room, Tried, Verdict, traded
from trading.execution.births import Born
from trading.models import Origin, RepairCause, StopWay, SubscriptionStatus

ORIGINS = {
    RepairCause.STOP: Origin.STOP,
    RepairCause.CLOSE: Origin.CONVERGE,
    RepairCause.OPEN: Origin.CONVERGE,
}

# A repair whose own order is not settled has nothing to be judged by.
_TAKE = """
SELECT r.id, r.account_id FROM trading_repair r
 WHERE r.ended_at IS NULL AND r.due_at <= %(now)s
   AND (%(only)s::bigint[] IS NULL OR r.subscription_id = ANY(%(only)s::bigint[]))
   AND NOT (r.state = 'working' AND EXISTS (
       SELECT FROM trading_order o WHERE o.id = r.order_id AND o.closed_at IS NULL))
 ORDER BY r.due_at, r.id LIMIT %(limit)s FOR UPDATE OF r SKIP LOCKED
"""

_READ = """
SELECT r.id, r.subscription_id, r.account_id, a.route, r.symbol, r.cause, r.signal_id, r.tries,
    r.done, r.price, r.code, s.status, s.stopping, s.strategy_id,
    coalesce(v.quantity, 0), coalesce(p.quantity, 0), coalesce(p.position_side, 'both'),
    coalesce((SELECT sum(x.quantity - x.filled) FROM trading_order x
        WHERE x.account_id = r.account_id AND x.symbol = r.symbol AND x.closed_at IS NULL
          AND x.reduce_only AND x.position_side = coalesce(p.position_side, 'both')), 0),
    coalesce(i.quantity_step, 0), coalesce(i.min_quantity, 0), nullif(i.max_quantity, 0),
    o.status, o.code, o.message, o.filled, o.average_price,
    EXISTS (SELECT FROM trading_order x WHERE x.account_id = r.account_id AND x.symbol = r.symbol
        AND x.closed_at IS NULL AND x.subscription_id = r.subscription_id)
    OR EXISTS (SELECT FROM trading_signalfanout f JOIN signals_signal g ON g.id = f.signal_id
        WHERE f.done_at IS NULL AND g.strategy_id = s.strategy_id AND g.symbol = r.symbol),
    coalesce(v.own_since >= r.created_at, false)
  FROM trading_repair r
  JOIN trading_copysubscription s ON s.id = r.subscription_id
  JOIN trading_exchangeaccount a ON a.id = r.account_id
  LEFT JOIN trading_instrument i ON i.venue_id = a.venue_id AND i.symbol = r.symbol
  LEFT JOIN trading_virtualposition v
    ON v.subscription_id = r.subscription_id AND v.symbol = r.symbol
  LEFT JOIN LATERAL (SELECT p.quantity, p.position_side FROM trading_position p
        WHERE p.account_id = r.account_id AND p.symbol = r.symbol AND p.quantity * v.quantity > 0
        ORDER BY abs(p.quantity) DESC LIMIT 1) p ON true
  LEFT JOIN trading_order o ON o.id = r.order_id AND r.state = 'working'
 WHERE r.id = ANY(%(ids)s::bigint[]) ORDER BY r.due_at, r.id
"""

_WRITE = """
UPDATE trading_repair r SET state = c.state, code = c.code, message = left(c.message, 300),
    tries = c.tries, done = c.done, price = c.price, due_at = c.due_at,
    order_id = coalesce(o.id, r.order_id),
    "left" = CASE WHEN c.due_at IS NULL THEN c.held END,
    ended_at = CASE WHEN c.due_at IS NULL THEN %s::timestamptz END
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::int[], %s::numeric[],
        %s::numeric[], %s::timestamptz[], %s::numeric[], %s::text[])
    AS c(id, state, code, message, tries, done, price, due_at, held, origin)
  JOIN trading_repair was ON was.id = c.id
  LEFT JOIN trading_order o ON o.origin_kind = c.origin AND o.origin_id = c.id
    AND o.account_id = was.account_id AND o.leg = c.tries
 WHERE r.id = c.id
"""


class Taken(NamedTuple):
    repair_id: int
    account_id: int


class Leg(NamedTuple):
    """A repair with the books it is judged by, as one statement reads them.

    ``held`` is the copy's share, ``position`` the account's on the same side, both signed base
    units; ``under_way`` what reduce-only orders of anybody will still take of it. ``tried_*`` is
    the repair's newest order, ended; None without one since the last judgement. ``busy``: an order
    of the copy in the symbol, or what its strategy says of it, is not settled. ``taken_over``: by
    the person, since the repair was made.
    """

    id: int
    subscription_id: int
    account_id: int
    route: str
    symbol: str
    cause: str
    signal_id: int | None
    tries: int
    done: Decimal
    price: Decimal | None
    last_code: str
    status: str
    stopping: str
    strategy_id: int
    held: Decimal
    position: Decimal
    position_side: str
    under_way: Decimal
    step: Decimal
    minimum: Decimal
    most: Decimal | None
    tried_status: str | None
    tried_code: str | None
    tried_message: str | None
    tried_filled: Decimal | None
    tried_price: Decimal | None
    busy: bool
    taken_over: bool

    @property
    def tried(self) -> Tried | None:
        if self.tried_status is None:
            return None
        return Tried(
            self.tried_status, self.tried_code or "", self.tried_message or "",
            self.tried_filled or Decimal(0), self.tried_price,
        )  # fmt: skip

    @property
    def to_be_closed(self) -> bool:
        """Whether everything is: see :data:`.planning.TO_CLOSE`."""
        over = self.status == SubscriptionStatus.STOPPED and self.stopping == StopWay.CLOSE_LATER
        return over or self.stopping == StopWay.CLOSE_NOW

    @property
    def origin(self) -> Origin:
        return ORIGINS[RepairCause(self.cause)]

    def born(self, order: PlannedOrder, *, rank: int, valid_until: datetime | None = None) -> Born:
        """The order of the repair's next try."""
        return Born(
            self.origin.value, self.id, self.tries + 1, self.account_id, None,
            self.subscription_id, self.route, self.symbol, order.side.value,
            order.position_side.value, order.reduce_only, order.quantity, order.leverage,
            order.margin, rank, valid_until, mine=False,
        )  # fmt: skip

    def room(self, wanted: Decimal, *, taken: Decimal) -> Room:
        """``taken``: what others were given of the position since it was read."""
        return Room(
            wanted, abs(self.held), abs(self.position), self.under_way + taken, self.step,
            self.minimum, self.most,
        )  # fmt: skip

    def counted(self) -> tuple[Decimal, Decimal | None]:
        """What all tries traded, and the average price."""
        return traded(self.done, self.price, self.tried_filled, self.tried_price)


class Judged(NamedTuple):
    """A leg, what all its orders traded by now, and what comes next."""

    leg: Leg
    done: Decimal
    price: Decimal | None
    verdict: Verdict

    @property
    def tries(self) -> int:
        return self.leg.tries + (self.verdict.quantity > 0)


def take_repairs(*, limit: int, now: datetime, only: Sequence[int] | None) -> list[Taken]:
    """Lock repairs that are due, those first that wait longest. Inside the caller's transaction.

    ``only``: of these subscriptions.
    """
    copies = None if only is None else array_of(only)
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"now": now, "limit": limit, "only": copies})
        return list(map(Taken._make, cursor.fetchall()))


def read_legs(repair_ids: Sequence[int]) -> list[Leg]:
    """Locked repairs with the books as they are now. The caller holds the accounts' budgets."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"ids": array_of(repair_ids)})
        return list(map(Leg._make, cursor.fetchall()))


def write_judged(judged: Sequence[Judged], now: datetime) -> None:
    """After their orders were written: the newest is found by its origin and try."""
    rows = [
        (
            each.leg.id, each.verdict.state.value, each.verdict.code, each.verdict.message,
            each.tries, each.done, each.price,
            None if each.verdict.wait is None else now + each.verdict.wait, each.leg.held,
            each.leg.origin.value,
        )
        for each in judged
    ]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [now, *columns_of(rows, 10)])
