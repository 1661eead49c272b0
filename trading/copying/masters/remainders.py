"""What copies kept of a master's opens: read before they decide, written after.

The caller holds the accounts' budgets. Signals that are no master's cost nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from django.db import connection

from mimic.core.bulk import columns_of
from trading.domain.decide import Follower, SignalTerms
from trading.domain.remainders import kept_after
from trading.market.selectors import MarketView
from trading.models import MasterRemainder

if TYPE_CHECKING:
    from trading.copying.intend import Decided


def with_kept(terms: SignalTerms, known: Mapping[int, Follower]) -> dict[int, Follower]:
    """The followers by subscription, with what each kept in the signal's symbol."""
    found = dict(known)
    if terms.quantity is None:
        return found
    rows = MasterRemainder.objects.filter(subscription_id__in=known, symbol=terms.symbol)
    for subscription_id, quantity in rows.values_list("subscription_id", "quantity"):
        found[subscription_id] = found[subscription_id]._replace(kept=quantity)
    return found


def keep(terms: SignalTerms, decided: Sequence[Decided], market: MarketView, now: datetime) -> None:
    """Operation: what changed."""
    if terms.quantity is None:
        return
    changed = []
    for each in decided:
        who = each.follower
        kept = kept_after(terms, who, each.decision, market.of(who.venue)[0])
        if kept != who.kept:
            changed.append((who.subscription_id, terms.symbol, kept, now))
    _store(changed)


def _store(changed: Sequence[tuple[int, str, Decimal, datetime]]) -> None:
    if not changed:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_masterremainder (subscription_id, symbol, quantity, updated_at) "
            "SELECT * FROM unnest(%s::bigint[], %s::text[], %s::numeric[], %s::timestamptz[]) "
            "ON CONFLICT (subscription_id, symbol) DO UPDATE SET quantity = excluded.quantity, "
            "updated_at = excluded.updated_at",
            columns_of(sorted(changed), 4),
        )
