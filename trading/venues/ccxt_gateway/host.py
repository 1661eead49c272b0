"""One of a venue's networks (live or demo): its template, its markets, its clock."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

from trading.domain.ports import VenueUnavailable
from trading.venues.ccxt_gateway.catalogue import Catalogue, make_catalogue
from trading.venues.ccxt_gateway.clients import make_template
from trading.venues.ccxt_gateway.transport import Pool
from trading.venues.registry import Venue
from trading.venues.wire import Call, VenueClock, current_call

_RESYNC_AFTER = 1.0  # seconds: a thousand clock refusals at once are answered by one question
RULES_LAST = 30.0  # seconds: rules that somebody doubts are not asked for again sooner
_RETRY_AFTER = 1.0  # seconds: orders that wait for markets must not each await a timeout in turn


class Host:
    """Markets are loaded once for all accounts, by whoever needs them first."""

    def __init__(
        self,
        venue: Venue,
        base_url: str,
        pool: Pool,
        *,
        demo: bool,
        rules_last: float = RULES_LAST,
    ) -> None:
        self._venue = venue
        self._base_url = base_url
        self._pool = pool
        self._demo = demo
        self._rules_last = rules_last
        self._template: Any = None
        self._catalogue: Catalogue | None = None
        self._failed_at = float("-inf")  # monotonic seconds
        self._loaded_at = float("-inf")
        self._loading = asyncio.Lock()
        self._syncing = asyncio.Lock()

    @property
    def template(self) -> Any:
        """The keyless client, made when first needed."""
        if self._template is None:
            venue = self._venue
            self._template = make_template(
                venue.ccxt_id, venue.dialect.options, self._base_url, self._pool, demo=self._demo
            )
        return self._template

    @property
    def clock(self) -> VenueClock:
        clock: VenueClock = self.template.clock
        return clock

    async def catalogue(self, *, reload: bool = False) -> Catalogue:
        """Raises :class:`VenueUnavailable`; a failed reload leaves the old catalogue in use."""
        if self._catalogue is not None and not reload:
            return self._catalogue
        async with self._loading:
            if self._catalogue is None or reload:
                if not reload and time.monotonic() - self._failed_at < _RETRY_AFTER:
                    raise VenueUnavailable("markets: failed a moment ago")
                self._catalogue = await self._load()
            return self._catalogue

    @property
    def rules_are_old(self) -> bool:
        """Whether asking for the markets again may show other rules."""
        return time.monotonic() - self._loaded_at > self._rules_last

    async def _load(self) -> Catalogue:
        self._loaded_at = time.monotonic()  # a failed try counts
        token = current_call.set(Call())
        try:
            markets = await self.template.load_markets(True)
            made = make_catalogue(
                markets.values(), self._venue.symbols, self._venue.dialect.max_leverage
            )
        except Exception as fault:  # no markets for whatever reason
            self._failed_at = time.monotonic()
            raise VenueUnavailable(f"markets: {type(fault).__name__}") from None
        finally:
            current_call.reset(token)
        if not made.by_symbol:
            raise VenueUnavailable("markets: none listed")
        return made

    async def was_out_of_time(self, call: Call, tolerance: timedelta) -> bool:
        """Whether the time that a request told was wrong, by the venue's clock as it is now."""
        now = time.time_ns() // 1_000_000
        told = (call.signed_at_ms or now) - call.ahead_ms
        await self.sync_clock()
        return timedelta(milliseconds=abs(now - self.clock.ahead_ms - told)) > tolerance

    async def sync_clock(self) -> None:
        """Measure how far we are ahead of the venue; a failed measurement changes nothing."""
        clock = self.clock
        async with self._syncing:
            if time.monotonic() - clock.synced_at < _RESYNC_AFTER:
                return
            clock.synced_at = time.monotonic()  # a failed try counts: nobody queues for the next
            token = current_call.set(Call())
            try:
                before = time.time() * 1000
                theirs = await self.template.fetch_time()
                clock.ahead_ms = round((before + time.time() * 1000) / 2 - float(theirs))
            except Exception:  # noqa: S110 - the refusal that led here stands anyway
                pass
            finally:
                current_call.reset(token)
