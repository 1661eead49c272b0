"""Coinbase Advanced's perpetual-style futures in the venue's own words.

These are futures of the US exchange (CDE) with hourly funding and an end in 2030: linear, in US
dollars, whole contracts, one-way. The international perpetuals left this API on 2026-10-01 (ccxt
4.5, ``coinbase.py``); spot pairs are not spoken here. Shapes: the venue's reference, ccxt's
comments, and answers recorded by others (nautechsystems/nautilus_trader, test_data of its adapter).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from trading.domain.keys import KeyReport
from trading.domain.ports import (
    AccountSettings,
    BalanceReport,
    MarginMode,
    OrderRequest,
    PositionReport,
    PositionSide,
    Quote,
)
from trading.venues.coinbase import pages
from trading.venues.coinbase.errors import ORDER_ERRORS, read_error
from trading.venues.coinbase.fast import CoinbaseFastOrders, configuration
from trading.venues.coinbase.jwt import AFTER, BEFORE
from trading.venues.coinbase.shapes import SIGNS, value
from trading.venues.coinbase.streams import CoinbaseStreams
from trading.venues.fast.protocol import FastOrders
from trading.venues.figures import number
from trading.venues.listing import Listing, our_symbol
from trading.venues.streams.protocol import UserStreams
from trading.venues.verdicts import Row, VenueError
from trading.venues.wire import Reply

_CURRENCY = "USD"
_PACE = 0.12  # seconds between two public questions: ten a second are let through
_STATES = {
    "PENDING": "open",
    "QUEUED": "open",
    "OPEN": "open",
    "CANCEL_QUEUED": "open",
    "EDIT_QUEUED": "open",
    "FILLED": "closed",
    "CANCELLED": "canceled",
    "EXPIRED": "expired",
    "FAILED": "rejected",
}
"""The venue's states in ccxt's words, which leaves three out and calls two of them cancelled."""


def _options() -> dict[str, Any]:
    return {"defaultType": "swap", "fetchTime": "v3PublicGetBrokerageTime"}


@dataclass(frozen=True, slots=True)
class CoinbaseFutures:
    """Implements :class:`trading.venues.dialect.Dialect` with inspection, settings, paging and
    streams; the venue is silent about clocks and lacks some kinds of orders.
    """

    options: Mapping[str, Any] = field(default_factory=_options)
    acceptance_window: timedelta = timedelta(seconds=120)  # of ccxt's tokens; ours are shorter
    clock_tolerance: timedelta = timedelta(seconds=min(BEFORE, AFTER))
    fast: FastOrders | None = field(default_factory=CoinbaseFastOrders)
    streams: UserStreams = field(default_factory=CoinbaseStreams)
    errors: tuple[Row, ...] = ORDER_ERRORS
    absent_codes: frozenset[str] = frozenset()  # a list without the order says it
    usage_header: str = ""
    trades_window: timedelta = timedelta(days=90)
    trades_page: int = pages.LENGTH
    settled_codes: frozenset[str] = frozenset()
    exposure_codes: frozenset[str] = frozenset()
    leverage_params: Mapping[str, Any] = field(default_factory=dict)
    fixed_settings: bool = True
    max_leverage: int = 3  # overnight, by the venue's own margin rates; intraday it lends more

    def read_error(self, reply: Reply) -> VenueError:
        return read_error(reply)

    def rows(self, answer: Any) -> list[Any]:
        """Raises KeyError or TypeError for what is no list of orders."""
        if not isinstance(answer["orders"], list):
            raise TypeError("not a list of rows")
        return list(answer["orders"])

    def lacks(self, order: OrderRequest) -> str:
        """Only the market order that closes a position is known to reduce only."""
        if order.position_side is not PositionSide.BOTH:
            return "venue.position_mode"
        return "venue.unsupported" if order.reduce_only and order.price is not None else ""

    def order_params(self, order: OrderRequest) -> dict[str, Any]:
        """ccxt sends what only reduces to ``close_position`` itself, but without its size; it adds
        an ``amount`` there that the venue does not know.
        """
        told: dict[str, Any] = {"client_order_id": order.client_id}
        if order.reduce_only:
            return told | {"reduceOnly": True, "size": f"{order.quantity.normalize():f}"}
        return told | {"order_configuration": configuration(order)}

    async def balance(self, client: Any) -> BalanceReport:
        """``total_usd_balance`` is cash of both wallets: dollars are moved to the futures one when
        they are needed. That open profit is not in it, but beside it, is assumed.
        """
        told = await client.v3PrivateGetBrokerageCfmBalanceSummary()
        summary = told["balance_summary"]
        equity = value(summary["total_usd_balance"]) + value(summary["unrealized_pnl"])
        return BalanceReport(_CURRENCY, equity, value(summary["futures_buying_power"]))

    async def find_order(
        self, client: Any, unified: str, client_id: str
    ) -> Mapping[str, Any] | None:
        market = client.market(unified)
        row = await pages.find(client, market["id"], client_id)
        if row is None:
            return None
        parsed: Mapping[str, Any] = client.parse_order(row, market)
        return {**parsed, "status": _STATES[row["status"]]}

    async def cancel(self, client: Any, unified: str, client_id: str) -> bool:
        """By the venue's own id, which is asked for: there is no other way."""
        row = await pages.find(client, client.market(unified)["id"], client_id)
        if row is None or _STATES[row["status"]] != "open":
            return False
        await client.v3PrivatePostBrokerageOrdersBatchCancel({"order_ids": [row["order_id"]]})
        return True

    async def open_client_ids(self, client: Any, listing: Listing) -> frozenset[str]:
        return await pages.open_client_ids(client, listing.spec.venue_symbol)

    async def trades(self, client: Any, listing: Listing, since_ms: int) -> list[Mapping[str, Any]]:
        return await pages.trades(client, client.market(listing.unified), since_ms)

    async def positions(self, client: Any, listings: Mapping[str, Listing]) -> list[PositionReport]:
        rows = (await client.v3PrivateGetBrokerageCfmPositions())["positions"]
        if not isinstance(rows, list):
            raise TypeError("not a list of rows")
        return [_position(row, listings) for row in rows if number(row["number_of_contracts"])]

    async def quotes(self, client: Any, names: Mapping[str, str]) -> list[Quote]:
        """Book by book, no faster than an address may ask: without keys the venue tells best prices
        no other way. No mark is told either; it is the middle.
        """
        found, loop = [], asyncio.get_running_loop()
        begun = loop.time()
        for place, (product, symbol) in enumerate(names.items()):
            await asyncio.sleep(begun + place * _PACE - loop.time())
            asked = {"product_id": product, "limit": "1"}
            book = (await client.v3PublicGetBrokerageMarketProductBook(asked))["pricebook"]
            if book["bids"] and book["asks"]:
                found.append(_quote(symbol, book))
        return [quote for quote in found if 0 < quote.bid <= quote.ask]

    async def settings(self, client: Any, listing: Listing) -> AccountSettings:
        """The venue's margin is its own and the same for all: nobody sets a leverage."""
        return AccountSettings(margin_mode=MarginMode.CROSS, hedged=False)

    async def inspect(self, client: Any, *, demo: bool) -> KeyReport:
        """``can_transfer`` sends money away. What addresses a key is bound to is not told."""
        rights = await client.v3PrivateGetBrokerageKeyPermissions()
        futures = (await client.v3PrivateGetBrokerageCfmBalanceSummary())["balance_summary"]
        return KeyReport(
            can_trade=bool(rights["can_trade"] and futures),
            can_withdraw=bool(rights["can_transfer"]),
            hedge=False,
            margin_mode="cross",
        )


def _position(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> PositionReport:
    """In base units; of an instrument that we do not list, in the venue's contracts."""
    listing = listings.get(row["product_id"])
    size = listing.contract_size if listing else 1
    return PositionReport(
        symbol=our_symbol(listings, row["product_id"]),
        position_side=PositionSide.BOTH,
        quantity=number(row["number_of_contracts"]) * SIGNS[row["side"]] * size,
        entry_price=value(row["avg_entry_price"]),
        mark_price=value(row["current_price"]),
        unrealised=value(row["unrealized_pnl"]),
    )


def _quote(symbol: str, book: Mapping[str, Any]) -> Quote:
    bid, ask = number(book["bids"][0]["price"]), number(book["asks"][0]["price"])
    return Quote(symbol, bid, ask, (bid + ask) / 2, datetime.fromisoformat(book["time"]))
