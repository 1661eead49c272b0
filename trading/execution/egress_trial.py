"""Trying a way out: one public call to a venue through it, where its URL can be opened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

from django.conf import settings

from trading.domain.ports import VenueUnavailable
from trading.execution.egress import url_context
from trading.execution.signer import UnreadableKeys, reveal
from trading.models import Egress, Venue
from trading.venues.ping import PINGS, ping


def try_egress(*, egress_id: int, clock: Callable[[], datetime]) -> None:
    """Write how long a venue's ping took through it, or why there was none."""
    row = Egress.objects.filter(pk=egress_id).first()
    if row is None:
        return
    took_ms, problem = None, ""
    try:
        url = reveal(bytes(row.sealed_url), context=url_context(row.public_id)).decode()
        venue = _venue()
        base_url = settings.VENUE_URLS.get(venue, "")
        took_ms = round(asyncio.run(ping(venue, proxy=url, base_url=base_url)) * 1000)
    except (UnreadableKeys, VenueUnavailable) as fault:
        problem = str(fault)
    Egress.objects.filter(pk=row.pk).update(
        tested_at=clock(), test_ms=took_ms, test_problem=problem[:120]
    )


def _venue() -> str:
    """The first of the enabled venues that we know how to ping."""
    enabled = Venue.objects.filter(enabled=True, code__in=PINGS).order_by("tier", "code").first()
    return enabled.code if enabled else min(PINGS)
