"""Which venues are traded at, and through which addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count

from trading.models import Egress, ExchangeAccount


class Way(NamedTuple):
    """``egress_id`` None is this machine's own address. ``name``: budgets are counted by it."""

    egress_id: int | None
    name: str


def routes_in_use() -> list[str]:
    """Routes of accounts on the wire."""
    rows = ExchangeAccount.objects.exclude(kind=ExchangeAccount.Kind.PAPER)
    return sorted(rows.order_by().values_list("route", flat=True).distinct())


def ways_in_use(route: str) -> list[Way]:
    """The ways out that accounts of a route take; our own address first."""
    rows = ExchangeAccount.objects.filter(route=route)
    ids = set(rows.order_by().values_list("egress", flat=True).distinct())
    own = [Way(None, settings.MIMIC_EGRESS)] if None in ids else []
    return own + [
        Way(row.pk, row.budget_name) for row in Egress.objects.filter(pk__in=ids - {None})
    ]


def accounts_by_way_out(routes: Collection[str]) -> dict[str, list[tuple[str, int]]]:
    """By route: (name of the way out, accounts), the most used first."""
    rows = (
        ExchangeAccount.objects.filter(route__in=routes)
        .order_by()
        .values("route", "egress__name")
        .annotate(accounts=Count("pk"))
    )
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: -row["accounts"]):
        name = row["egress__name"] or settings.MIMIC_EGRESS
        found[row["route"]].append((name, row["accounts"]))
    return dict(found)
