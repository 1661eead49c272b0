"""Binance USDⓈ-M in its own words (shapes: wire facts §1.3-1.6).

Balance, positions and quotes are read raw: ccxt's ``fetch_positions`` drops rows whose entry
price is 0 and asks for the leverage brackets first.
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
    PositionSide,
    Quote,
)
from trading.venues.binance.errors import ORDER_ERRORS
from trading.venues.binance.fast import BinanceFastOrders
from trading.venues.binance.money import CURRENCY, incomes
from trading.venues.binance.streams import BinanceStreams
from trading.venues.fast.protocol import FastOrders
from trading.venues.figures import number
from trading.venues.listing import Listing, our_symbol
from trading.venues.lookup import fetch_by_client_id
from trading.venues.streams.protocol import UserStreams
from trading.venues.verdicts import Row, VenueError, read_error
from trading.venues.wire import Reply


@dataclass(frozen=True, slots=True)
class BinanceLinear:
    """Implements :class:`trading.venues.dialect.Dialect`, its inspection, settings, money and
    streams.
    """

    options: Mapping[str, Any] = field(default_factory=lambda: {"recvWindow": 5000})
    acceptance_window: timedelta = timedelta(seconds=5)  # recvWindow
    fast: FastOrders | None = field(default_factory=BinanceFastOrders)
    streams: UserStreams = field(default_factory=BinanceStreams)
    errors: tuple[Row, ...] = ORDER_ERRORS
    absent_codes: frozenset[str] = frozenset({"-2013"})
    usage_header: str = "X-MBX-USED-WEIGHT-1M"
    trades_window: timedelta = timedelta(days=7)
    trades_page: int = 1000
    settled_codes: frozenset[str] = frozenset({"200", "-4046", "-4059"})  # 200 is its "success"
    exposure_codes: frozenset[str] = frozenset({"-4047", "-4048", "-4067", "-4068"})
    leverage_params: Mapping[str, Any] = field(default_factory=dict)
    max_leverage: int = 20  # exchangeInfo names none; leverageBracket needs somebody's keys

    def read_error(self, reply: Reply) -> VenueError:
        return read_error(reply, "code", "msg")

    def rows(self, answer: Any) -> list[Any]:
        if not isinstance(answer, list):
            raise TypeError("not a list")
        return answer

    def order_params(self, order: OrderRequest) -> dict[str, str]:
        """Hedge mode refuses ``reduceOnly``: there the position side says it."""
        params = {
            "newClientOrderId": order.client_id,
            "positionSide": order.position_side.value.upper(),
        }
        if order.reduce_only and order.position_side is PositionSide.BOTH:
            params["reduceOnly"] = "true"
        return params

    async def balance(self, client: Any) -> BalanceReport:
        """An account that never held the currency lists no row of it: then its wallet has none."""
        account = await client.fapiPrivateV3GetAccount()
        held = [row["walletBalance"] for row in account["assets"] if row["asset"] == CURRENCY]
        return BalanceReport(
            currency=CURRENCY,
            equity=number(account["totalMarginBalance"]),
            free_margin=number(account["availableBalance"]),
            wallet=sum(map(number, held), Decimal(0)),
        )

    async def money(
        self, client: Any, since: datetime, listings: Mapping[str, Listing]
    ) -> list[MoneyReport]:
        return await incomes(client, since, listings)

    async def find_order(
        self, client: Any, unified: str, client_id: str
    ) -> Mapping[str, Any] | None:
        return await fetch_by_client_id(self, client, unified, client_id)

    async def cancel(self, client: Any, unified: str, client_id: str) -> bool:
        await client.cancel_order("", unified, {"origClientOrderId": client_id})
        return True

    async def positions(self, client: Any, listings: Mapping[str, Listing]) -> list[PositionReport]:
        rows = self.rows(await client.fapiPrivateV3GetPositionRisk())
        return [_position(row, listings) for row in rows if number(row["positionAmt"]) != 0]

    async def quotes(self, client: Any, names: Mapping[str, str]) -> list[Quote]:
        """Best prices joined with mark prices; stamped with the venue's time of the mark."""
        books = self.rows(await client.fapiPublicGetTickerBookTicker())
        premiums = self.rows(await client.fapiPublicGetPremiumIndex())
        marks = {row["symbol"]: row for row in premiums}
        made = (
            _quote(names[book["symbol"]], book, marks[book["symbol"]])
            for book in books
            if book["symbol"] in names and book["symbol"] in marks
        )
        return [quote for quote in made if 0 < quote.bid <= quote.ask and quote.mark > 0]

    async def settings(self, client: Any, listing: Listing) -> AccountSettings:
        """The symbol's own row, and the account's: the mode is one for all symbols."""
        symbol = listing.spec.venue_symbol
        (row,) = await client.fapiPrivateGetSymbolConfig({"symbol": symbol})
        account = await client.fapiPrivateGetAccountConfig()
        if row["symbol"] != symbol:
            raise ValueError("another symbol's settings")
        return AccountSettings(
            leverage=int(row["leverage"]),
            margin_mode=MarginMode(_MARGIN_MODES[row["marginType"]]),
            hedged=account["dualSidePosition"] is True,
        )

    async def inspect(self, client: Any, *, demo: bool) -> KeyReport:
        """``apiRestrictions`` is a call of the spot host, which the demo network does not have;
        its play money cannot be withdrawn either.
        """
        account = await client.fapiPrivateGetAccountConfig()
        modes = {row["marginType"] for row in await client.fapiPrivateGetSymbolConfig()}
        rights = {} if demo else await client.sapiGetAccountApiRestrictions()
        return KeyReport(
            can_trade=account["canTrade"] is True and (demo or rights["enableFutures"] is True),
            can_withdraw=not demo and rights["enableWithdrawals"] is not False,
            ip_restricted=None if demo else rights["ipRestrict"] is True,
            hedge=account["dualSidePosition"] is True,
            margin_mode=_margin_mode(modes),
        )


_MARGIN_MODES = {"CROSSED": "cross", "ISOLATED": "isolated"}


def _margin_mode(modes: set[str]) -> str:
    """One word for the modes of all symbols. Raises KeyError for a mode we do not know."""
    known = {_MARGIN_MODES[mode] for mode in modes}
    return known.pop() if len(known) == 1 else "mixed"


def _position(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> PositionReport:
    return PositionReport(
        symbol=our_symbol(listings, row["symbol"]),
        position_side=PositionSide(row["positionSide"].lower()),
        quantity=number(row["positionAmt"]),
        entry_price=number(row["entryPrice"]),
        mark_price=number(row["markPrice"]),
        unrealised=number(row["unRealizedProfit"]),
    )


def _quote(symbol: str, book: Mapping[str, Any], mark: Mapping[str, Any]) -> Quote:
    return Quote(
        symbol=symbol,
        bid=number(book["bidPrice"]),
        ask=number(book["askPrice"]),
        mark=number(mark["markPrice"]),
        at=datetime.fromtimestamp(int(mark["time"]) / 1000, UTC),
    )
