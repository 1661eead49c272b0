"""Who is kept out by address: what operators wrote down, and who was refused too often.

Each address that was told 429 three hundred times within ten minutes is kept out for a quarter of
an hour; if that happens again within a day of the last time, for twice as long, up to a day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import AddressRule
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.limits import Ask, Limit, Mode, judge
from mimic.core.network import Network, parse_address, within

REFUSALS: Final = Limit("refusals", most=300, seconds=600, alone=300)
FIRST: Final = timedelta(minutes=15)
LONGEST: Final = timedelta(days=1)
REMEMBERED: Final = timedelta(days=1)
MOST_AUTOMATIC: Final = 1_000
_FOR_GOOD: Final = datetime.max.replace(tzinfo=UTC)
_SINGLE: Final = {4: 32, 6: 64}
"""What one caller has at hand, see :func:`mimic.core.network.neighbourhood`."""
KEPT_OUT: Final = declare(
    "accounts.address.block", _("Address kept out"), facts=["minutes"], private=["network"]
)


@dataclass(frozen=True, slots=True)
class Rules:
    """``single`` are blocks of one caller each, by network as text; ``wide`` all other blocks."""

    single: Mapping[str, datetime] = field(default_factory=dict)
    wide: tuple[tuple[Network, datetime], ...] = ()
    allowed: tuple[Network, ...] = ()

    def out_until(self, address: str, now: datetime) -> datetime | None:
        """Until when the address is kept out; None if it is not."""
        found = parse_address(address)
        if found is None:
            return None
        own = str(ip_network((found, _SINGLE[found.version]), strict=False))
        ends = [until for network, until in self.wide if found in network]
        until = max([*ends, self.single.get(own, now)], default=now)
        return until if until > now and not within(found, self.allowed) else None


def rules_in_force(now: datetime) -> Rules:
    """Read anew every few seconds by each process."""
    single: dict[str, datetime] = {}
    wide: list[tuple[Network, datetime]] = []
    allowed: list[Network] = []
    rows = AddressRule.objects.filter(Q(until=None) | Q(until__gt=now))
    for text, kind, until in rows.values_list("network", "kind", "until"):
        network = ip_network(text)
        if kind == AddressRule.Kind.ALLOW:
            allowed.append(network)
        elif network.prefixlen == _SINGLE[network.version]:
            single[text] = max(until or _FOR_GOOD, single.get(text, now))
        else:
            wide.append((network, until or _FOR_GOOD))
    return Rules(single, tuple(wide), tuple(allowed))


def note_refusals(counts: Mapping[str, int], *, now: datetime) -> None:
    """Command: so often was each neighbourhood told 429 since the last time. Addresses of inner
    networks are never kept out: a proxy that nobody named would shut out everybody.
    """
    known = [(where, times) for where, times in counts.items() if _is_foreign(where)]
    asks = [Ask(REFUSALS, where, Mode.ADD, times) for where, times in known]
    for ask, standing in zip(asks, judge(asks) if asks else [], strict=True):
        if standing.remaining == 0:
            _keep_out(str(ip_network(ask.subject)), now)


@transaction.atomic(durable=True)
def _keep_out(network: str, now: datetime) -> None:
    automatic = AddressRule.objects.filter(automatic=True)
    theirs = automatic.filter(network=network, until__gt=now - REMEMBERED)
    last = theirs.order_by("until").last()
    span, over = FIRST, now
    if last is not None and last.until is not None:
        span, over = min(2 * (last.until - last.created_at), LONGEST), last.until
    if over > now or automatic.filter(until__gt=now).count() >= MOST_AUTOMATIC:
        return
    rule = AddressRule.objects.create(
        network=network, kind=AddressRule.Kind.BLOCK, until=now + span, automatic=True,
        reason="Refused too often.", created_at=now,
    )  # fmt: skip
    facts = {"minutes": int(span.total_seconds() // 60)}
    record(KEPT_OUT, target=rule, facts=facts, private={"network": network})


def sweep_address_rules(now: datetime) -> int:
    """Sweeper: forget automatic rules that are over and doubled nothing for a day."""
    over = AddressRule.objects.filter(automatic=True, until__lt=now - REMEMBERED)
    return over.delete()[0]


def _is_foreign(where: str) -> bool:
    return bool(where) and ip_address(where.partition("/")[0]).is_global
