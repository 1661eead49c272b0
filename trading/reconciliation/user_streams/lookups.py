"""Trades of orders of which a venue tells sums alone: asked for as soon as a sum grew.

What a trade is called only the venue knows, and books take each trade once by that name; so a sum
is never made into a trade. What comes of asking goes the way of all news.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from decimal import Decimal

from trading.domain.news import Breach, Broken, FillNews, Heard, OrderNews
from trading.domain.ports import VenueUnavailable
from trading.execution.governor import Cost
from trading.reconciliation.user_streams.ears import Ear
from trading.venues.limits import limits_of

logger = logging.getLogger(__name__)

PAUSES = (0.0, 0.3, 1.0, 3.0, 5.0)  # seconds before each time: lists may be behind what is told

Key = tuple[int, str]
"""An account, and the venue's id of an order."""


class Lookups:
    """Belongs to one event loop."""

    def __init__(
        self, put: Callable[[Ear, Heard], None], room: Callable[[Ear, Cost], Awaitable[None]]
    ) -> None:
        self._put = put
        self._room = room
        self._sums: dict[Key, Decimal] = {}  # the largest that was told, while it is asked about
        self._asking: set[asyncio.Task[None]] = set()

    def want(self, ear: Ear, order: OrderNews) -> None:
        """What the order executed by now is to be found. Costs nothing where trades are told."""
        if ear.stream.tells_fills or not order.executed:
            return
        key = (ear.account_id, order.venue_order_id)
        known = self._sums.get(key)
        self._sums[key] = max(order.executed, known or order.executed)
        if known is None:
            task = asyncio.create_task(self._find(ear, order, key))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def close(self) -> None:
        for task in list(self._asking):
            task.cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _find(self, ear: Ear, order: OrderNews, key: Key) -> None:
        """Until the trades add up. If they never do, the stream is in doubt: all is asked for."""
        try:
            told: set[str] = set()
            for pause in PAUSES:
                await asyncio.sleep(pause)
                if not ear.joined:
                    return  # after the gap all is asked for
                if await self._found(ear, order, told) >= self._sums[key]:
                    return
        finally:
            del self._sums[key]
        self._put(ear, Broken(Breach.MISSED, "trades of an order"))

    async def _found(self, ear: Ear, order: OrderNews, told: set[str]) -> Decimal:
        """How much of the order its trades make up; those not ``told`` yet are told. 0 when the
        venue does not answer.
        """
        try:
            await self._room(ear, Cost(weight=limits_of(ear.held.venue).reads.look, requests=2))
            fills = await ear.stream.fills(order.symbol, order.venue_order_id)
            (named,) = await ear.stream.orders(order.symbol, order.venue_order_id)
        except VenueUnavailable:
            return Decimal(0)
        except Exception:  # the backfill will tell more
            logger.exception("trades not found", extra={"account": ear.account_id})
            return Decimal(0)
        for fill in fills:
            if fill.trade_id not in told:
                told.add(fill.trade_id)
                news = FillNews(fill, named.client_id, named.position_side, named.forced)
                self._put(ear, news)
        return sum((fill.quantity for fill in fills), Decimal(0))
