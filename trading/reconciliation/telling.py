"""People with a socket open hear of their accounts' new snapshots and points of the curve."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from mimic.web.presence import connected_people
from trading.copying.live import tell_rows
from trading.execution.book_rows import balances_of_people, equity_since
from trading.models import ExchangeAccount


def tell_of_balances(*, at: datetime, account_ids: Collection[int] | None = None) -> None:
    """Inside the transaction that wrote the snapshots of ``at``; None: of any account."""
    people = connected_people()
    if people and account_ids is not None:
        owners = ExchangeAccount.objects.filter(pk__in=account_ids, user_id__in=people)
        people = frozenset(owners.values_list("user_id", flat=True))
    if people:
        rows = balances_of_people(people=people)
        tell_rows("balance", "upsert", [row for row in rows if row.at == at])


def tell_of_points(*, at: datetime) -> None:
    """After the points of ``at`` were written."""
    people = connected_people()
    if people:
        tell_rows("equity", "point", equity_since(people=people, since=at))
