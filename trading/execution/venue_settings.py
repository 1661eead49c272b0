"""Leverage, margin mode and position mode at the venues: set when wanted, read again regularly.

Never on an order's way. The row is the queue: taking it pushes ``due_at`` ahead as a lease, the
venue is asked outside any transaction, and what it *tells* is written. A change is only asked for
where the venue told something else, so that doing it twice asks nothing; an unclear answer is
settled by reading. What somebody changed at the venue later is theirs: it is written down, counts
for sizes from then on, and is not set back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection, transaction

from mimic.core.bulk import columns_of
from trading.domain.ports import (
    AccountSession,
    AccountSettings,
    Gateway,
    MarginMode,
    Outcome,
    SettingResult,
    VenueUnavailable,
)
from trading.models import SettingState, VenueSetting

LEASE = timedelta(seconds=60)
AT_ONCE = 50
READ_AGAIN = timedelta(minutes=15)
FIRST_PAUSE = timedelta(seconds=5)
PATIENCE = 5.0  # seconds that a venue may take over one row

_BROUGHT_ABOUT = (SettingState.SET, SettingState.CHANGED)

CHANGED = "setting.changed_at_venue"
NO_ANSWER = "setting.no_answer"


@transaction.atomic(durable=True)
def ask_again(*, setting_id: int, now: datetime) -> None:
    """Command: a person wants it as wanted, whatever was changed or refused at the venue."""
    VenueSetting.objects.filter(pk=setting_id).update(
        state=SettingState.PLANNED, tries=0, asked_at=now, due_at=now
    )


class Due(NamedTuple):
    """A row to be worked on. ``hedge`` is how the account's orders are written."""

    id: int
    account_id: int
    route: str
    symbol: str
    wanted: int
    state: str
    hedge: bool
    tries: int


@dataclass(frozen=True, slots=True)
class Found:
    """``told`` is None when the venue did not answer; ``refusal`` is the first that it made."""

    due: Due
    told: AccountSettings | None = None
    refusal: SettingResult | None = None
    message: str = ""


_TAKE = """
WITH picked AS (
    SELECT v.id FROM trading_venuesetting v JOIN trading_exchangeaccount a ON a.id = v.account_id
     WHERE v.due_at <= %(now)s AND a.state = 'active' AND EXISTS (
        SELECT FROM trading_copysubscription s WHERE s.account_id = a.id AND s.status = 'active')
     ORDER BY v.due_at LIMIT %(limit)s FOR UPDATE OF v SKIP LOCKED
)
UPDATE trading_venuesetting v SET due_at = %(lease)s, tries = v.tries + 1
  FROM picked p, trading_exchangeaccount a WHERE v.id = p.id AND a.id = v.account_id
RETURNING v.id, v.account_id, a.route, v.symbol, v.wanted, v.state, a.hedge, v.tries
"""


@transaction.atomic(durable=True)
def take_settings(*, now: datetime, limit: int = AT_ONCE) -> list[Due]:
    """Command: rows whose time has come, of accounts that are copied on."""
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"now": now, "lease": now + LEASE, "limit": limit})
        return list(map(Due._make, cursor.fetchall()))


async def bring_about(gateway: Gateway, session: AccountSession, due: Due) -> Found:
    """Read, ask for what is wanted otherwise, read again. Never raises for the venue."""
    try:
        async with asyncio.timeout(PATIENCE):
            told = await gateway.read_settings(session, due.symbol)
            if due.state in _BROUGHT_ABOUT and _differs(told, due):
                return Found(due, told)  # somebody's own doing: theirs
            return await _changed(gateway, session, due, told)
    except VenueUnavailable as fault:
        return Found(due, message=str(fault))
    except TimeoutError:
        return Found(due, message="timeout")


async def _changed(
    gateway: Gateway, session: AccountSession, due: Due, told: AccountSettings
) -> Found:
    """Position mode first: venues refuse the others' change in a mode that is about to go."""
    refusal: SettingResult | None = None
    taken: list[AccountSettings] = []
    for settled, change in _changes(gateway, session, due, told):
        result = await change()
        if result.outcome is Outcome.CONFIRMED:
            taken.append(settled)
        elif refusal is None:
            refusal = result
    if refusal is None and not taken:
        return Found(due, told)
    return Found(due, _merged(await gateway.read_settings(session, due.symbol), taken), refusal)


_Change = tuple[AccountSettings, Callable[[], Awaitable[SettingResult]]]


def _changes(
    gateway: Gateway, session: AccountSession, due: Due, told: AccountSettings
) -> list[_Change]:
    """What is not as wanted, or not told; with what holds once it is done."""
    wanted: list[tuple[bool, _Change]] = [
        (
            told.hedged is not None and told.hedged != due.hedge,
            (
                AccountSettings(hedged=due.hedge),
                lambda: gateway.set_position_mode(session, due.symbol, hedged=due.hedge),
            ),
        ),
        (
            told.margin_mode is MarginMode.ISOLATED,
            (
                AccountSettings(margin_mode=MarginMode.CROSS),
                lambda: gateway.set_margin_mode(session, due.symbol, MarginMode.CROSS),
            ),
        ),
        (
            told.leverage != due.wanted,
            (
                AccountSettings(leverage=due.wanted),
                lambda: gateway.set_leverage(session, due.symbol, due.wanted),
            ),
        ),
    ]
    return [change for differs, change in wanted if differs]


def _merged(told: AccountSettings, taken: Sequence[AccountSettings]) -> AccountSettings:
    """What a venue does not tell is as it confirmed it; what it tells goes before that."""
    for each in taken:
        told = replace(
            told,
            leverage=told.leverage or each.leverage,
            margin_mode=told.margin_mode or each.margin_mode,
            hedged=each.hedged if told.hedged is None else told.hedged,
        )
    return told


def _differs(told: AccountSettings, due: Due) -> bool:
    return (
        told.leverage not in (None, due.wanted)
        or told.margin_mode is MarginMode.ISOLATED
        or told.hedged not in (None, due.hedge)
    )


class _Row(NamedTuple):
    id: int
    wanted: int
    state: str
    leverage: int | None
    margin_mode: str
    hedged: bool | None
    read_at: datetime | None
    code: str
    message: str
    tries: int
    due_at: datetime


_WRITE = """
UPDATE trading_venuesetting v SET state = c.state,
    leverage = CASE WHEN c.read_at IS NULL THEN v.leverage ELSE c.leverage END,
    margin_mode = CASE WHEN c.read_at IS NULL THEN v.margin_mode ELSE c.margin_mode END,
    hedged = CASE WHEN c.read_at IS NULL THEN v.hedged ELSE c.hedged END,
    read_at = coalesce(c.read_at, v.read_at),
    code = c.code, message = left(c.message, 200), tries = c.tries, due_at = c.due_at
  FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::int[], %s::text[], %s::bool[],
        %s::timestamptz[], %s::text[], %s::text[], %s::int[], %s::timestamptz[])
    AS c(id, wanted, state, leverage, margin_mode, hedged, read_at, code, message, tries, due_at)
 WHERE v.id = c.id AND v.wanted = c.wanted
"""


_HEDGE = """
UPDATE trading_exchangeaccount a SET hedge = c.hedged
  FROM (SELECT DISTINCT ON (id) * FROM unnest(%s::bigint[], %s::bool[]) AS c(id, hedged)
         ORDER BY id) c
 WHERE a.id = c.id AND a.hedge <> c.hedged
"""


@transaction.atomic(durable=True)
def settle_settings(*, found: Sequence[Found], now: datetime) -> None:
    """Command: write what the venues told. A row with another wish by now is left to it.

    Orders are written in the position mode that the account has, whoever chose it.
    """
    rows = [_row(each, now) for each in found]
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, list(columns_of(rows, len(_Row._fields))))
        modes = [
            (each.due.account_id, each.told.hedged)
            for each in found
            if each.told is not None and each.told.hedged is not None
        ]
        if modes:
            cursor.execute(_HEDGE, list(columns_of(modes, 2)))


def _row(found: Found, now: datetime) -> _Row:
    due, told = found.due, found.told
    state, code, message = _ended(found)
    again = READ_AGAIN
    if state is SettingState.NO_ANSWER:
        again = min(FIRST_PAUSE * 2 ** min(due.tries - 1, 10), READ_AGAIN)
        if due.state in _BROUGHT_ABOUT and told is None:
            state = SettingState(due.state)  # a question without an answer changes nothing
    tries = due.tries if code else 0
    mode = told.margin_mode.value if told and told.margin_mode else ""
    return _Row(
        due.id, due.wanted, state.value, told.leverage if told else None, mode,
        told.hedged if told else None, now if told else None, code, message, tries, now + again,
    )  # fmt: skip


def _ended(found: Found) -> tuple[SettingState, str, str]:
    told, refusal = found.told, found.refusal
    if told is None:
        return SettingState.NO_ANSWER, NO_ANSWER, found.message
    if told.leverage is not None and not _differs(told, found.due):
        return SettingState.SET, "", ""
    if refusal is None:
        return SettingState.CHANGED, CHANGED, ""
    if refusal.outcome is Outcome.UNKNOWN:
        return SettingState.NO_ANSWER, refusal.code, refusal.message
    return SettingState.REFUSED, refusal.code, refusal.message
