"""What waits for a person's answer, as pages, sockets and the API show it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection

_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """One receipt that waits, ``public_id``. ``price`` and ``margin`` are as of the decision, in
    the quote currency; approving decides anew. ``remaining_pct`` of the time given is left.
    """

    user_id: int
    public_id: str
    signal: str
    subscription: str
    strategy: str
    account: str
    kind: str
    symbol: str
    side: str
    quantity: Decimal
    leverage: int
    price: Decimal | None
    margin: Decimal | None
    entry: Decimal | None
    stop_loss_pct: Decimal | None
    received_at: datetime
    valid_until: datetime | None

    def remaining_pct(self, now: datetime) -> int | None:
        """Of the time given for an answer; None without a deadline."""
        if self.valid_until is None:
            return None
        whole = (self.valid_until - self.received_at).total_seconds()
        left = (self.valid_until - now).total_seconds()
        return max(0, min(100, round(100 * left / whole))) if whole > 0 else 0


_WAITING = """
SELECT e.user_id, e.public_id::text, g.public_id::text, s.public_id::text, t.name, a.label, a.kind,
    g.symbol, g.direction, e.quantity,
    coalesce((e.steps -> 0 ->> 'after')::numeric, 1)::int,
    (e.inputs ->> CASE g.direction WHEN 'long' THEN 'ask' ELSE 'bid' END)::numeric,
    g.entry_price, g.stop_loss_pct, e.received_at, g.valid_until
  FROM trading_copyexecution e
  JOIN signals_signal g ON g.id = e.signal_id
  JOIN signals_strategy t ON t.id = g.strategy_id
  JOIN trading_copysubscription s ON s.id = e.subscription_id
  JOIN trading_exchangeaccount a ON a.id = e.account_id
 WHERE e.outcome = 'pending' AND e.user_id = ANY(%s)
"""


def waiting_for(*, user_id: int, now: datetime) -> list[WaitingRow]:
    """What the person may still answer, what ends first on top. One query."""
    return _rows(
        _WAITING + "AND (g.valid_until IS NULL OR g.valid_until > %s) "
        "ORDER BY g.valid_until, e.id LIMIT %s",
        [[user_id], now, _MOST],
    )


def waiting_of_signal(*, signal_id: int, people: Collection[int]) -> list[WaitingRow]:
    """What a signal asks of these people."""
    return _rows(_WAITING + "AND e.signal_id = %s", [list(people), signal_id])


def _rows(sql: str, values: list[Any]) -> list[WaitingRow]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [_row(*row) for row in cursor.fetchall()]


def _row(*row: Any) -> WaitingRow:
    *head, quantity, leverage, price, entry, stop, received_at, valid_until = row
    margin = quantity * price / leverage if price is not None else None
    tail = (quantity, leverage, price, margin, entry, stop, received_at, valid_until)
    return WaitingRow(*(*head, *tail))
