"""OKX USDT-margined perpetual swaps in the venue's own words (shapes: wire facts §3).

Orders, fills and positions are counted in contracts there. Lists come newest first, a hundred rows
a page; :mod:`trading.venues.okx.pages` reads all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trading.domain.keys import KeyReport
from trading.domain.ports import (
    AccountSettings,
    BalanceReport,
    MarginMode,
    MoneyReport,
    OrderRequest,
    PositionReport,
    Quote,
)
from trading.venues.fast.protocol import FastOrders
from trading.venues.figures import number
from trading.venues.listing import Listing, our_symbol
from trading.venues.lookup import fetch_by_client_id
from trading.venues.okx import pages
from trading.venues.okx.errors import ORDER_ERRORS, read_error
from trading.venues.okx.fast import OkxFastOrders, side_params
from trading.venues.okx.money import CURRENCY, bills
from trading.venues.okx.streams import ABSENT, POSITION_SIDES, OkxStreams
from trading.venues.streams.protocol import UserStreams
from trading.venues.verdicts import Row, VenueError
from trading.venues.wire import Reply

_SPOT_ONLY = "1"  # the account level that cannot hold swaps


def _options() -> dict[str, Any]:
    """One endpoint for orders whichever way they go; ccxt's own choice is the batch one."""
    return {
        "defaultType": "swap",
        "fetchMarkets": {"types": ["swap"]},
        "createOrder": "privatePostTradeOrder",
    }


@dataclass(frozen=True, slots=True)
class OkxSwap:
    """Implements :class:`trading.venues.dialect.Dialect`, with inspection, settings,
    paging, money and streams.
    """

    options: Mapping[str, Any] = field(default_factory=_options)
    acceptance_window: timedelta = timedelta(seconds=30)  # how old a timestamp may be
    fast: FastOrders | None = field(default_factory=OkxFastOrders)
    streams: UserStreams = field(default_factory=OkxStreams)
    errors: tuple[Row, ...] = ORDER_ERRORS
    absent_codes: frozenset[str] = ABSENT
    usage_header: str = ""
    trades_window: timedelta = timedelta(days=90)  # all that the venue keeps
    trades_page: int = pages.LENGTH
    settled_codes: frozenset[str] = frozenset()  # setting what is set is a plain success here
    exposure_codes: frozenset[str] = frozenset({"59000"})
    leverage_params: Mapping[str, Any] = field(default_factory=lambda: {"mgnMode": "cross"})
    max_leverage: int = 20  # every listed instrument names its own

    def read_error(self, reply: Reply) -> VenueError:
        return read_error(reply)

    def rows(self, answer: Any) -> list[Any]:
        return pages.rows(answer)

    def order_params(self, order: OrderRequest) -> dict[str, Any]:
        return {"clOrdId": order.client_id, **side_params(order)}

    async def balance(self, client: Any) -> BalanceReport:
        """An account that never held the currency lists no row of it: then it has none."""
        (account,) = self.rows(await client.privateGetAccountBalance({"ccy": CURRENCY}))
        for row in account["details"]:
            if row["ccy"] == CURRENCY:
                free = row["availEq"] or row["availBal"]  # the first is for margin accounts
                return BalanceReport(
                    CURRENCY, number(row["eq"]), number(free), number(row["cashBal"])
                )
        return BalanceReport(CURRENCY, Decimal(0), Decimal(0), Decimal(0))

    async def money(
        self, client: Any, since: datetime, listings: Mapping[str, Listing]
    ) -> list[MoneyReport]:
        return await bills(client, since, listings)

    async def find_order(
        self, client: Any, unified: str, client_id: str
    ) -> Mapping[str, Any] | None:
        return await fetch_by_client_id(self, client, unified, client_id, clOrdId=client_id)

    async def cancel(self, client: Any, unified: str, client_id: str) -> bool:
        await client.cancel_order("", unified, {"clOrdId": client_id})
        return True

    async def open_client_ids(self, client: Any, listing: Listing) -> frozenset[str]:
        return await pages.open_client_ids(client, listing)

    async def trades(self, client: Any, listing: Listing, since_ms: int) -> list[Mapping[str, Any]]:
        return await pages.trades(client, listing, since_ms)

    async def positions(self, client: Any, listings: Mapping[str, Listing]) -> list[PositionReport]:
        rows = self.rows(await client.privateGetAccountPositions({"instType": "SWAP"}))
        return [_position(row, listings) for row in rows if number(row["pos"] or 0) != 0]

    async def quotes(self, client: Any, names: Mapping[str, str]) -> list[Quote]:
        """Best prices joined with mark prices; stamped with the venue's time of the mark."""
        swaps = {"instType": "SWAP"}
        books = self.rows(await client.publicGetMarketTickers(swaps))
        marked = self.rows(await client.publicGetPublicMarkPrice(swaps))
        marks = {row["instId"]: row for row in marked}
        made = (
            _quote(names[book["instId"]], book, marks[book["instId"]])
            for book in books
            if book["instId"] in names and book["instId"] in marks
            if book["bidPx"] and book["askPx"]  # an empty side is told as an empty text
        )
        return [quote for quote in made if 0 < quote.bid <= quote.ask and quote.mark > 0]

    async def settings(self, client: Any, listing: Listing) -> AccountSettings:
        """Leverage of the cross margin that our orders use; hedge mode keeps one for each side."""
        asked = {"instId": listing.spec.venue_symbol, "mgnMode": "cross"}
        rows = self.rows(await client.privateGetAccountLeverageInfo(asked))
        (account,) = self.rows(await client.privateGetAccountConfig())
        levels = {int(row["lever"]) for row in rows}
        return AccountSettings(
            leverage=levels.pop() if len(levels) == 1 else None,
            margin_mode=MarginMode.CROSS,
            hedged={"long_short_mode": True, "net_mode": False}[account["posMode"]],
        )

    async def inspect(self, client: Any, *, demo: bool) -> KeyReport:
        """Play money cannot be withdrawn. The margin mode is told with every order of ours."""
        (account,) = self.rows(await client.privateGetAccountConfig())
        rights = {right.strip() for right in account["perm"].split(",")}
        return KeyReport(
            can_trade="trade" in rights and account["acctLv"] != _SPOT_ONLY,
            can_withdraw=not demo and "withdraw" in rights,
            ip_restricted=bool(account["ip"]),
            hedge={"long_short_mode": True, "net_mode": False}[account["posMode"]],
            margin_mode="cross",
        )


def _position(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> PositionReport:
    """In base units; of an instrument that we do not list, in the venue's contracts."""
    side, sign = POSITION_SIDES[row["posSide"]]
    listing = listings.get(row["instId"])
    return PositionReport(
        symbol=our_symbol(listings, row["instId"]),
        position_side=side,
        quantity=number(row["pos"]) * sign * (listing.contract_size if listing else 1),
        entry_price=number(row["avgPx"]),
        mark_price=number(row["markPx"]),
        unrealised=number(row["upl"]),
    )


def _quote(symbol: str, book: Mapping[str, Any], mark: Mapping[str, Any]) -> Quote:
    return Quote(
        symbol=symbol,
        bid=number(book["bidPx"]),
        ask=number(book["askPx"]),
        mark=number(mark["markPx"]),
        at=datetime.fromtimestamp(int(mark["ts"]) / 1000, UTC),
    )
