"""Whether a master is mirrored now, and whom that reaches."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from django.db.models import Count, Q

from mimic.core.ids import first_id_at
from signals.models import Strategy
from trading.copying.followers import FOLLOWING
from trading.execution.watched import STALE_AFTER
from trading.models import (
    AccountState,
    AccountStream,
    CopySubscription,
    MasterAccount,
    MasterMove,
    MasterState,
    MoveState,
    StreamState,
    VirtualPosition,
)


class Standing(StrEnum):
    """What becomes of what the master trades now; the first that holds."""

    DISCONNECTED = "disconnected"
    ACCOUNT = "account"  # its keys are not in use: nothing is heard of it
    STRATEGY = "strategy"  # the strategy takes nothing
    PAUSED = "paused"
    OFFLINE = "offline"  # the exchange does not tell us all
    PREVIEW = "preview"
    MIRRORED = "mirrored"


class Stream(NamedTuple):
    """``whole``: all that the account does is told. ``since``: when it was last known to be."""

    whole: bool
    since: datetime | None


class Reach(NamedTuple):
    """Copies that follow the strategy, and how many of them hold something of it."""

    following: int
    holding: int


class Tally(NamedTuple):
    """Moves since a moment: became signals, did not."""

    told: int
    kept: int


def stream_of(master: MasterAccount, now: datetime) -> Stream:
    """``master`` as :func:`.selectors.masters_of` has it: nothing more is asked."""
    row: AccountStream | None = getattr(master.account, "stream", None)
    if row is None:
        return Stream(whole=False, since=None)
    fresh = row.alive_at is not None and row.alive_at > now - STALE_AFTER
    return Stream(row.state == StreamState.LIVE and fresh, row.alive_at)


def standing_of(master: MasterAccount, stream: Stream) -> Standing:
    """``master`` with its strategy and account, as above."""
    found = (
        (master.state == MasterState.DISCONNECTED, Standing.DISCONNECTED),
        (master.account.state != AccountState.ACTIVE, Standing.ACCOUNT),
        (master.strategy.status != Strategy.Status.ACTIVE, Standing.STRATEGY),
        (master.state == MasterState.PAUSED, Standing.PAUSED),
        (not stream.whole, Standing.OFFLINE),
        (master.preview, Standing.PREVIEW),
    )
    return next((standing for holds, standing in found if holds), Standing.MIRRORED)


def reach_of(strategy_id: int) -> Reach:
    """No names: a provider sees how many follow, not who."""
    copies = CopySubscription.objects.filter(strategy_id=strategy_id, status__in=FOLLOWING)
    held = VirtualPosition.objects.filter(subscription__in=copies).exclude(quantity=0)
    return Reach(copies.count(), held.values("subscription").distinct().count())


def tally_of(master_id: int, now: datetime, within: timedelta) -> Tally:
    """Money that came or went is no move."""
    since = now - within
    recent = MasterMove.objects.filter(master_id=master_id, pk__gte=first_id_at(since))
    moves = recent.filter(at__gt=since).exclude(symbol="")
    told = Q(state__in=(MoveState.TOLD, MoveState.PREVIEW))
    kept = Q(state__in=(MoveState.REFUSED, MoveState.IGNORED))
    found = moves.aggregate(told=Count("pk", filter=told), kept=Count("pk", filter=kept))
    return Tally(found["told"], found["kept"])
