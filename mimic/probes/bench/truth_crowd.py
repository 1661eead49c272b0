"""Followers on the wire for the measurement of truth: keys, user streams, positions, cookies."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from mimic.probes.bench.crowd import VENUE, a_crowd
from mimic.probes.bench.sockets_crowd import Holder, sign_in
from signals.models import Strategy
from trading.models import AccountStream, CopySubscription, Position

HEARD_FOR = timedelta(hours=1)


def here(followers: int, now: datetime) -> Strategy:
    """A strategy with that many followers, whose streams any stream process may take."""
    address = settings.VENUE_URLS[VENUE]
    return a_crowd(followers=followers, on_wire=True, venue=address, now=now)


@transaction.atomic
def elsewhere(followers: int, now: datetime) -> Strategy:
    """The same, but another stream process (that does not run) holds the leases of their streams:
    ears are shared out among processes, and joining a thousand takes one of them 100 s.
    """
    strategy = here(followers, now)
    AccountStream.objects.bulk_create(
        AccountStream(account_id=account, owner="elsewhere", fence=1, lease_until=now + HEARD_FOR)
        for account in accounts_of(strategy)
    )
    return strategy


def heard(strategy: Strategy, now: datetime) -> None:
    """Those streams are whole from now on, for as long as it takes."""
    rows = AccountStream.objects.filter(account_id__in=accounts_of(strategy), owner="elsewhere")
    rows.update(state="live", joined_at=now, alive_at=now + HEARD_FOR)


def accounts_of(strategy: Strategy) -> list[int]:
    """Ids of the accounts that copy it."""
    copies = CopySubscription.objects.filter(strategy=strategy)
    return list(copies.values_list("account_id", flat=True))


def holders(strategy: Strategy, number: int) -> list[Holder]:
    """The first so many of those who hold a position, each signed in."""
    held = Position.objects.filter(account_id__in=accounts_of(strategy)).exclude(quantity=0)
    rows = list(held.select_related("account__user").order_by("account_id")[:number])
    cookies = sign_in([row.account.user for row in rows])
    return [
        Holder(row.account.user_id, cookie, str(row.public_id), row.pk, 0)
        for row, cookie in zip(rows, cookies, strict=True)
    ]
