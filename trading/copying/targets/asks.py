"""What followed signals asked of a copy's position, from signals, receipts' orders and repairs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from mimic.core.bulk import columns_of
from signals.models import Action, Direction
from trading.domain.orders import TERMINAL
from trading.domain.ports import Side
from trading.domain.receipts import Code
from trading.domain.targets import Ask, Asked

Key = tuple[int, str]
"""Subscription and symbol."""

# From the last followed close of everything on: what was asked before it is over.
_ASKED = """
WITH legs AS (
    SELECT s.id AS subscription_id, s.strategy_id, s.account_id, c.symbol,
        coalesce(v.quantity, 0) AS held
      FROM unnest(%s::bigint[], %s::text[]) AS c(subscription_id, symbol)
      JOIN trading_copysubscription s ON s.id = c.subscription_id
      LEFT JOIN trading_virtualposition v ON v.subscription_id = s.id AND v.symbol = c.symbol
), since AS (
    SELECT l.*, coalesce((SELECT max(g.id) FROM signals_signal g
        JOIN trading_executionkey k ON k.signal_id = g.id AND k.subscription_id = l.subscription_id
       WHERE g.strategy_id = l.strategy_id AND g.symbol = l.symbol AND g.action = 'close'
         AND coalesce(g.close_pct, 100) >= 100 AND (l.held = 0 OR g.direction = 'any'
             OR g.direction = CASE WHEN l.held > 0 THEN 'long' ELSE 'short' END)), 0) AS first
      FROM legs l
)
SELECT l.subscription_id, l.symbol, g.id, g.action, g.direction, coalesce(g.close_pct, 100),
    g.valid_until, o.quantity, o.filled, coalesce(r.done, 0), r.ended_at IS NOT NULL, o.status,
    o.code, o.cancel_asked_at IS NOT NULL, o.side
  FROM since l
  JOIN signals_signal g ON g.strategy_id = l.strategy_id AND g.symbol = l.symbol AND g.id >= l.first
  LEFT JOIN trading_order o ON o.origin_kind IN ('signal', 'join') AND o.origin_id = g.id
    AND o.account_id = l.account_id AND o.subscription_id = l.subscription_id
  LEFT JOIN trading_repair r ON r.subscription_id = l.subscription_id AND r.symbol = l.symbol
    AND r.signal_id = g.id
 WHERE o.id IS NOT NULL OR EXISTS (SELECT FROM trading_executionkey k
    WHERE k.signal_id = g.id AND k.subscription_id = l.subscription_id)
 ORDER BY g.id
"""
_SIDES = {Direction.LONG.value: Side.BUY, Direction.SHORT.value: Side.SELL}
_ENDED = frozenset(status.value for status in TERMINAL)
_NOT_AGAIN = frozenset(
    code.value
    for code in (
        Code.KILL_SWITCH, Code.CLOSED_BEFORE_SENT, Code.CLOSED_BEFORE_FILLED, Code.COPY_STOPPED,
        Code.PAUSED_BEFORE_SENT, Code.LEFT_TO_PERSON, Code.DECLARED_ABSENT, Code.SIGNAL_TOO_OLD,
        Code.KEY_GUARD,
    )
)  # fmt: skip
"""Why an open ended that nobody wants any more: somebody meant it to."""


class _Row(NamedTuple):
    subscription_id: int
    symbol: str
    signal_id: int
    action: str
    direction: str
    close_pct: Decimal
    valid_until: datetime | None
    quantity: Decimal | None
    filled: Decimal | None
    repaired: Decimal
    repair_ended: bool
    status: str | None
    code: str | None
    cancelled: bool
    order_side: str | None

    def asked(self, now: datetime) -> Asked:
        quantity, filled = self.quantity or Decimal(0), (self.filled or Decimal(0)) + self.repaired
        if self.action == Action.CLOSE:
            whole = self.close_pct >= 100
            side = _SIDES.get(self.direction)
            if self.repair_ended:  # what it had to leave goes with the next close
                filled = max(filled, quantity)
            return Asked(self.signal_id, Ask.ALL if whole else Ask.PART, side, quantity, filled)
        return Asked(
            self.signal_id, Ask.OPEN, _SIDES.get(self.direction), quantity, filled,
            self._wanted(now),
        )  # fmt: skip

    def _wanted(self, now: datetime) -> bool:
        """Whether the rest of an open may still be bought; its gates are asked right before."""
        late = self.valid_until is not None and self.valid_until < now
        unwanted = late or self.cancelled or self.repair_ended or self.code in _NOT_AGAIN
        return self.status in _ENDED and not unwanted


def asked_of(keys: Sequence[Key], now: datetime) -> dict[Key, list[Asked]]:
    """One statement for all of them, each in the order of its signals."""
    found: dict[Key, list[Asked]] = defaultdict(list)
    if not keys:
        return found
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, columns_of(keys, 2))
        for row in map(_Row._make, cursor.fetchall()):
            found[row.subscription_id, row.symbol].append(row.asked(now))
    return found
