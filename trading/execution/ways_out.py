"""Ways out as senders use them: opened here, in order of preference. Only where the signer is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache
from uuid import UUID

from django.conf import settings

from trading.domain.ports import AccountSession
from trading.execution.egress import url_context
from trading.execution.signer import UnreadableKeys, reveal
from trading.models import Egress

_names: dict[str, str] = {}  # URL to the name of its budgets; a few dozen at most


def open_ways(egress_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Proxy URLs for accounts of these ways out: their own, then the others of its pool.

    Disabled ones and those that cannot be opened are left out; none may be left, and then nothing
    must be sent: our own address is not what the account's keys are bound to.
    """
    if not egress_ids:
        return {}
    pools: dict[str, list[tuple[int, str]]] = defaultdict(list)
    pool_of: dict[int, str] = {}
    for row in Egress.objects.order_by("position", "name"):
        pool_of[row.pk] = row.pool
        url = _opened(row.public_id, bytes(row.sealed_url)) if row.enabled else ""
        if url:
            _names[url] = row.budget_name
            pools[row.pool].append((row.pk, url))
    found = {}
    for egress_id in egress_ids:
        mates = pools[pool_of[egress_id]]
        found[egress_id] = tuple(
            url for _, url in sorted(mates, key=lambda mate: mate[0] != egress_id)
        )
    return found


def egress_name(session: AccountSession) -> str:
    """What the budgets of this session's requests are counted by."""
    own: str = settings.MIMIC_EGRESS
    return _names[session.egress[0]] if session.egress else own


@lru_cache(maxsize=1_024)
def _opened(public_id: UUID, sealed: bytes) -> str:
    try:
        return reveal(sealed, context=url_context(public_id)).decode()
    except UnreadableKeys:
        return ""
