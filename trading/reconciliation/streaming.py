"""The stream process: one loop that listens to accounts and polls what no socket brings yet.

Each concern runs on its own period and fails on its own: a venue that hangs leaves the others'
quotes fresh. Balances are asked in small groups, so that an IP's budget is spread over time.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from django.conf import settings
from django.db.models import Q

from mimic.core.partitions import ensure_partitions
from mimic.ops.heartbeat import beat
from trading.domain.depth import depth_of
from trading.domain.ports import (
    AccountSession,
    BalanceReport,
    Gateway,
    OrderBook,
    VenueUnavailable,
)
from trading.domain.volatility import DAYS, daily_volatility
from trading.execution.gateways import adapter_of, open_gateway
from trading.execution.governor import LOOKS, POLLS, Cost, Governor
from trading.execution.ways_out import egress_name
from trading.market.followed import followed_symbols
from trading.market.prices import take_quotes
from trading.market.refresh import rules_are_due, store_depths, store_instruments
from trading.market.volatility import Measured, store_volatility, symbols_to_measure
from trading.models import Position, Venue
from trading.reconciliation import money, rounds, snapshots
from trading.reconciliation.database import in_database
from trading.reconciliation.user_streams.engine import UserStreams
from trading.venues.limits import limits_of

logger = logging.getLogger(__name__)

QUOTES_EVERY = 2.0  # all of them cost Binance 15 of 2,400 a minute; polls need the rest
BALANCES_EVERY = 2.0
BOOKS_EVERY = 2.0
BOOKS_AT_ONCE = 20
BALANCES_AT_ONCE = 40
PAPER_EVERY = 10.0
VENUES_EVERY = 5.0
INSTRUMENTS_EVERY = 5.0  # looked whether they are due
VOLATILITY_EVERY = 15.0
EQUITY_EVERY = 60.0
DAY = 86_400.0


class Stream:
    """Run until :meth:`stop`. Owns one gateway a venue."""

    def __init__(self) -> None:
        self._stopped = asyncio.Event()
        self._governor = Governor()
        self._gateways: dict[str, Gateway] = {}
        self._following: dict[str, asyncio.Task[None]] = {}
        self._ruled: set[str] = set()  # venues whose rules this process has read
        self._user_streams = UserStreams(self._gateways, self._governor)

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> None:
        await asyncio.gather(
            self._every(VENUES_EVERY, self._follow_venues),
            self._every(PAPER_EVERY, partial(_command, snapshots.mark_paper)),
            self._every(EQUITY_EVERY, partial(_command, snapshots.record_equity)),
            self._every(10.0, self._beat),
            self._user_streams.run(self._stopped),
            self._every(DAY, partial(_command, ensure_partitions)),
        )
        for venue in list(self._following):
            await self._leave(venue)
        self._governor.close()

    async def _beat(self) -> None:
        sign = partial(beat, name="stream", detail=self._user_streams.figures)
        await _command(sign)

    async def _follow_venues(self) -> None:
        """Begin with venues that were enabled meanwhile, leave those that nobody needs."""
        wanted = await in_database(_venues)
        for venue in self._following.keys() - wanted:
            await self._leave(venue)
        for venue in sorted(wanted - self._following.keys()):
            adapter = await in_database(partial(adapter_of, venue))
            self._gateways[venue] = open_gateway(venue, adapter)
            self._following[venue] = asyncio.create_task(self._follow(venue))

    async def _follow(self, venue: str) -> None:
        await asyncio.gather(
            self._every(INSTRUMENTS_EVERY, partial(self._instruments, venue)),
            self._every(QUOTES_EVERY, partial(self._quotes, venue)),
            self._every(BALANCES_EVERY, partial(self._while_full, self._balances, venue)),
            self._every(BALANCES_EVERY, partial(self._while_full, self._compare, venue)),
            self._every(VOLATILITY_EVERY, partial(self._volatility, venue)),
            self._every(BOOKS_EVERY, partial(self._books, venue)),
        )

    async def _leave(self, venue: str) -> None:
        following = self._following.pop(venue)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await self._gateways.pop(venue).close()

    async def _every(self, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        while not self._stopped.is_set():
            try:
                await work()
            except VenueUnavailable as fault:
                logger.warning("venue did not answer", extra={"fault": str(fault)})
            except Exception:  # one concern's fault leaves the others running
                logger.exception("stream job failed")
            try:
                await asyncio.wait_for(self._stopped.wait(), seconds)
            except TimeoutError:
                continue

    async def _instruments(self, venue: str) -> None:
        now = datetime.now(UTC)
        due = partial(rules_are_due, venue=venue, now=now)
        if venue in self._ruled and not await in_database(due):
            return
        self._ruled.add(venue)
        specs = await self._gateways[venue].instruments()
        await in_database(partial(store_instruments, venue=venue, specs=specs, now=now))

    async def _quotes(self, venue: str) -> None:
        """Skipped while others need the address's weight more: quotes show their age."""
        cost = Cost(weight=limits_of(venue).reads.quotes, requests=1)
        own: str = settings.MIMIC_EGRESS
        if await asyncio.to_thread(self._grant, venue, own, 1, cost, LOOKS) < 1:
            return
        quotes = await self._gateways[venue].quotes()
        await in_database(partial(take_quotes, venue=venue, quotes=quotes))

    async def _volatility(self, venue: str) -> None:
        """For risk budgets: seldom, a few at a time, and only what nobody else's weight is for."""
        due = partial(symbols_to_measure, venue=venue, now=datetime.now(UTC))
        cost = Cost(weight=limits_of(venue).reads.candles, requests=1)
        own: str = settings.MIMIC_EGRESS
        symbols = await in_database(due)
        granted = await asyncio.to_thread(self._grant, venue, own, len(symbols), cost, POLLS)
        found = {symbol: await self._measured(venue, symbol) for symbol in symbols[:granted]}
        now = datetime.now(UTC)
        await in_database(partial(store_volatility, venue=venue, found=found, now=now))

    async def _measured(self, venue: str, symbol: str) -> Measured:
        try:
            closes = await self._gateways[venue].daily_closes(symbol, DAYS)
            return Measured(daily_volatility(closes))
        except (VenueUnavailable, ValueError) as fault:
            logger.warning("no volatility", extra={"symbol": symbol, "fault": str(fault)})
            return Measured(None, answered=False)

    async def _books(self, venue: str) -> None:
        """One book a followed symbol, those first that are oldest; none that quotes have no room
        for.
        """
        due = partial(followed_symbols, venue=venue, now=datetime.now(UTC), limit=BOOKS_AT_ONCE)
        symbols = await in_database(due)
        cost = Cost(weight=limits_of(venue).reads.book, requests=1)
        own: str = settings.MIMIC_EGRESS
        granted = await asyncio.to_thread(self._grant, venue, own, len(symbols), cost, LOOKS)
        books = await asyncio.gather(*(self._book(venue, each) for each in symbols[:granted]))
        depths = {book.symbol: depth_of(book) for book in books if book is not None}
        await in_database(partial(store_depths, venue=venue, depths=depths))

    async def _book(self, venue: str, symbol: str) -> OrderBook | None:
        try:
            return await self._gateways[venue].order_book(symbol)
        except VenueUnavailable as fault:
            logger.warning("no book", extra={"symbol": symbol, "fault": str(fault)})
            return None

    async def _while_full(self, work: Callable[[str], Awaitable[int]], venue: str) -> None:
        """Round after round while each was as large as one can be: more may be due, and what
        addresses have left bounds it. A round in which something failed is the last.
        """
        while await work(venue) == BALANCES_AT_ONCE and not self._stopped.is_set():
            pass

    async def _balances(self, venue: str) -> int:
        """Returns how many were read."""
        due = partial(
            snapshots.due_sessions, venue=venue, limit=BALANCES_AT_ONCE, now=datetime.now(UTC)
        )
        sessions = await asyncio.to_thread(self._granted, venue, await in_database(due))
        asked = datetime.now(UTC)
        reports = await asyncio.gather(*(self._balance(venue, session) for session in sessions))
        told = {
            session.account_id: report
            for session, report in zip(sessions, reports, strict=True)
            if report is not None
        }
        store = partial(snapshots.store_balances, told=told, asked=asked, now=datetime.now(UTC))
        questions = await in_database(store)
        by_id = {session.account_id: session for session in sessions}
        for each in questions:
            await self._why(venue, by_id[each.told.account_id], each)
        return len(told)

    async def _why(self, venue: str, session: AccountSession, question: money.Question) -> None:
        """What moved an account's money; asked again later where there is no room, or no answer."""
        cost = Cost(weight=limits_of(venue).reads.money, requests=1)
        grant = partial(self._grant, venue, egress_name(session), 1, cost, POLLS)
        if not await asyncio.to_thread(grant):
            return
        try:
            found = await self._gateways[venue].money(session, question.since)
        except VenueUnavailable as fault:
            logger.warning("no money", extra={"account": session.account_id, "fault": str(fault)})
            return
        explain = partial(money.explain, question=question, found=found, now=datetime.now(UTC))
        await in_database(explain)

    async def _compare(self, venue: str) -> int:
        """Positions of accounts whose turn it is, against our books; returns of how many."""
        now = datetime.now(UTC)
        due = partial(rounds.due_sessions, venue=venue, limit=BALANCES_AT_ONCE, now=now)
        sessions = await asyncio.to_thread(self._granted, venue, await in_database(due))
        ids = [session.account_id for session in sessions]
        mine = await in_database(partial(rounds.take, account_ids=ids, now=now))
        asked = [session for session in sessions if session.account_id in mine]
        told = await asyncio.gather(*(self._compared(venue, each) for each in asked))
        failed = [each for each in told if each is not None]
        if failed:
            await in_database(partial(rounds.note_failed, account_ids=failed))
        return len(asked) - len(failed)

    async def _compared(self, venue: str, session: AccountSession) -> int | None:
        """The account, if it could not be compared."""
        account_id = session.account_id
        try:
            positions = await self._gateways[venue].positions(session)
        except VenueUnavailable as fault:
            logger.warning("no positions", extra={"account": account_id, "fault": str(fault)})
            return account_id
        work = partial(rounds.compare, account_id=account_id, positions=positions)
        await in_database(partial(work, now=datetime.now(UTC)))
        return None

    def _granted(self, venue: str, sessions: Sequence[AccountSession]) -> list[AccountSession]:
        """Those whose address has weight left for polls; the others are due again next time."""
        cost = Cost(weight=limits_of(venue).reads.balance, requests=1)
        groups: dict[str, list[AccountSession]] = defaultdict(list)
        for session in sessions:
            groups[egress_name(session)].append(session)
        granted: list[AccountSession] = []
        for egress, wanted in groups.items():
            granted += wanted[: self._grant(venue, egress, len(wanted), cost, POLLS)]
        return granted

    def _grant(self, venue: str, egress: str, wanted: int, cost: Cost, up_to: float) -> int:
        return self._governor.grant_reads(venue, egress, wanted, cost=cost, up_to=up_to).granted

    async def _balance(self, venue: str, session: AccountSession) -> BalanceReport | None:
        try:
            return await self._gateways[venue].balance(session)
        except VenueUnavailable as fault:
            logger.warning("no balance", extra={"account": session.account_id, "fault": str(fault)})
            return None


def _venues() -> set[str]:
    """Enabled ones, and those where something is still open: its price and margin matter on."""
    held = Position.objects.exclude(quantity=0).values("account__venue_id")
    found = Venue.objects.filter(Q(enabled=True) | Q(code__in=held))
    return set(found.values_list("code", flat=True))


async def _command(work: Callable[..., object]) -> object:
    return await in_database(partial(work, now=datetime.now(UTC)))
