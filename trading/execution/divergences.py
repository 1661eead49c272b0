"""Differences between a venue and our books, on record from the first look to the healing one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection

from mimic.core.bulk import columns_of
from trading.models import Divergence, DivergenceAction, DivergenceKind


class Difference(NamedTuple):
    """One place where both sides differ; quantities are signed base units."""

    symbol: str
    position_side: str
    ours: Decimal
    theirs: Decimal
    action: DivergenceAction


_OPEN = """
INSERT INTO trading_divergence AS d (account_id, kind, symbol, position_side, ours, theirs, action,
    found_at, seen_at)
SELECT %(account)s, 'position', c.*, %(now)s, %(now)s FROM unnest(%(symbols)s::text[],
    %(sides)s::text[], %(ours)s::numeric[], %(theirs)s::numeric[], %(actions)s::text[]) AS c
ON CONFLICT (account_id, kind, symbol, position_side) WHERE healed_at IS NULL
DO UPDATE SET ours = excluded.ours, theirs = excluded.theirs, action = excluded.action,
    seen_at = excluded.seen_at
"""
# What this look did not show any more is healed; so is what it settled itself.
_HEAL = """
UPDATE trading_divergence d SET healed_at = %(now)s
 WHERE d.account_id = %(account)s AND d.kind = 'position' AND d.healed_at IS NULL
   AND (d.action = 'adopted' OR d.seen_at < %(now)s)
"""


def record_positions(*, account_id: int, found: Sequence[Difference], now: datetime) -> None:
    """Operation: what one look at all positions of an account showed; nothing left heals all."""
    symbols, sides, ours, theirs, actions = columns_of(found, 5)
    values: dict[str, Any] = {
        "account": account_id,
        "now": now,
        "symbols": symbols,
        "sides": sides,
        "ours": ours,
        "theirs": theirs,
        "actions": actions,
    }
    with connection.cursor() as cursor:
        if found:
            cursor.execute(_OPEN, values)
        cursor.execute(_HEAL, values)


class LateFill(NamedTuple):
    """An order of which asking found more than was booked, unsigned base units; ``since`` is when
    the first of what was missing filled.
    """

    order_id: int
    known: Decimal
    told: Decimal
    since: datetime


_FILLS = """
INSERT INTO trading_divergence (account_id, kind, symbol, position_side, ours, theirs, action,
    found_at, seen_at, healed_at)
SELECT o.account_id, %(kind)s, o.symbol, o.position_side, sign * c.known, sign * c.told,
    %(action)s, c.since, %(now)s, %(now)s
  FROM unnest(%(orders)s::bigint[], %(known)s::numeric[], %(told)s::numeric[],
        %(since)s::timestamptz[]) AS c(order_id, known, told, since)
  JOIN trading_order o ON o.id = c.order_id
 CROSS JOIN LATERAL (SELECT CASE o.side WHEN 'buy' THEN 1 ELSE -1 END AS sign) s
"""


def record_late_fills(found: Sequence[LateFill], *, now: datetime) -> None:
    """Operation: what was booked only when somebody asked; healed with that."""
    if not found:
        return
    orders, known, told, since = columns_of(found, 4)
    values: dict[str, Any] = {
        "orders": orders,
        "known": known,
        "told": told,
        "since": since,
        "now": now,
        "kind": DivergenceKind.FILL.value,
        "action": DivergenceAction.BOOKED.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FILLS, values)


_MONEY = """
INSERT INTO trading_divergence AS d (account_id, kind, symbol, position_side, ours, theirs, action,
    found_at, seen_at)
VALUES (%(account)s, 'money', %(currency)s, 'both', %(ours)s, %(theirs)s, %(action)s, %(since)s,
    %(now)s)
ON CONFLICT (account_id, kind, symbol, position_side) WHERE healed_at IS NULL
DO UPDATE SET ours = excluded.ours, theirs = excluded.theirs, action = excluded.action,
    seen_at = excluded.seen_at
"""


class Unexplained(NamedTuple):
    """A wallet that holds something else than all that is known makes up, since then."""

    account_id: int
    currency: str
    ours: Decimal
    theirs: Decimal
    since: datetime


def record_money(found: Unexplained, action: DivergenceAction, now: datetime) -> None:
    """Operation: one look at a wallet showed this."""
    with connection.cursor() as cursor:
        cursor.execute(_MONEY, found._asdict() | {
            "account": found.account_id, "action": action.value, "now": now,
        })  # fmt: skip


def heal_money(account_ids: Sequence[int], now: datetime) -> None:
    """Operation: these wallets hold what is known, or what they hold was taken over."""
    open_ones = Divergence.objects.filter(kind=DivergenceKind.MONEY, healed_at=None)
    open_ones.filter(account_id__in=account_ids).update(healed_at=now)
