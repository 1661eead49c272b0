"""The catalogue of venues in the table, where pages and operators find it."""

from __future__ import annotations

from math import ceil

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections

from trading.market.calendars import add_usual
from trading.models import Venue
from trading.venues.catalogue import Entry, catalogue
from trading.venues.registry import VENUES

APPROVAL_FROM_TIER = 3
_OPERATORS = {"code", "enabled", "needs_approval"}


def sync_venues() -> int:
    """Operation: upsert every venue of the catalogue; returns how many there are.

    What an operator decides is set once: a new venue is enabled if its dialect is proven, and
    its accounts need approval from tier 3 on.
    """
    found = catalogue()
    rows = [_row(entry, found.ccxt) for entry in found.entries.values()]
    Venue.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=[
            field.name for field in Venue._meta.concrete_fields if field.name not in _OPERATORS
        ],
    )
    return len(rows)


def sync_after_migrate(sender: AppConfig, using: str = DEFAULT_DB_ALIAS, **_: object) -> None:
    """Receiver of ``post_migrate``: venues follow the release, and an empty table of calendars
    gets the usual ones. Nothing after migrating back.
    """
    if Venue._meta.db_table in connections[using].introspection.table_names():
        sync_venues()
        add_usual()


def _row(entry: Entry, ccxt_version: str) -> Venue:
    venue = VENUES[entry.code]
    return Venue(
        code=entry.code,
        name=entry.name,
        adapter=venue.adapter,
        tier=entry.tier,
        enabled=venue.offered,
        needs_approval=entry.tier >= APPROVAL_FROM_TIER,
        proven=venue.proven,
        markets=list(entry.markets),
        credentials=list(entry.credentials),
        demo=entry.demo,
        position_modes=list(entry.position_modes),
        capabilities=sorted(entry.capabilities),
        rate_limit_ms=ceil(entry.rate_limit_ms),
        docs_url=entry.docs_url,
        ccxt_version=ccxt_version,
    )
