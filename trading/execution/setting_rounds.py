"""A round of settings: what is due is taken, asked for side by side, and written together."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from mimic.jobs.enqueue import enqueue
from trading.domain.ports import AccountSession, Gateway
from trading.execution.governor import Cost, Governor
from trading.execution.sessions import load_sessions
from trading.execution.venue_settings import Due, Found, bring_about, settle_settings, take_settings
from trading.execution.ways_out import egress_name
from trading.models import VenueSetting
from trading.venues.limits import limits_of

if TYPE_CHECKING:
    from trading.execution.dispatcher import Dispatcher

logger = logging.getLogger(__name__)

JOB = "trading.venue_settings"
UP_TO = 0.6  # of a window: orders, looks and quotes go first
REQUESTS = 5  # two readings and three changes at most
SIDE_BY_SIDE = 8  # at one venue


def nudge_settings(now: datetime) -> int:
    """Sweeper: what is due is for a process that holds keys; nothing waits for it."""
    due = VenueSetting.objects.filter(due_at__lte=now).exists()
    if due:
        enqueue(JOB)
    return int(due)


def work_settings(sender: Dispatcher, clock: Callable[[], datetime]) -> int:
    """One round; returns how many rows were taken. What has no room comes again by its lease."""
    due = take_settings(now=clock())
    sessions = load_sessions(each.account_id for each in due)
    granted = _granted(due, sessions, sender.governor)
    found = sender.call(partial(_ask_all, granted, sessions, sender.gateway))
    settle_settings(found=found, now=clock())
    return len(due)


def _granted(
    due: Sequence[Due], sessions: Mapping[int, AccountSession], governor: Governor
) -> list[Due]:
    groups: dict[tuple[str, str], list[Due]] = defaultdict(list)
    for each in due:
        if each.account_id in sessions:
            groups[each.route, egress_name(sessions[each.account_id])].append(each)
    granted: list[Due] = []
    for (route, egress), wanted in groups.items():
        cost = Cost(weight=limits_of(route).reads.settings, requests=REQUESTS)
        grant = governor.grant_reads(route, egress, len(wanted), cost=cost, up_to=UP_TO)
        granted += wanted[: grant.granted]
    return granted


async def _ask_all(
    due: Sequence[Due],
    sessions: Mapping[int, AccountSession],
    gateway_of: Callable[[str], Awaitable[Gateway]],
) -> list[Found]:
    slots: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(SIDE_BY_SIDE))
    alone: dict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def ask(each: Due) -> Found:
        """One row of an account after the other: the position mode is one for all of them."""
        async with alone[each.account_id], slots[each.route]:
            try:
                gateway = await gateway_of(each.route)
                return await bring_about(gateway, sessions[each.account_id], each)
            except Exception as fault:  # ours to repair; the other rows must not wait for it
                logger.exception("settings not asked for", extra={"setting": each.id})
                return Found(each, message=type(fault).__name__)

    return list(await asyncio.gather(*map(ask, due)))
