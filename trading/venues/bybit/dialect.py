"""Bybit v5 linear perpetuals in the venue's own words (shapes: wire facts §2).

Unified accounts only: the venue's other kind answers none of these calls any more. Lists come
newest first; :mod:`trading.venues.bybit.pages` reads all of them.
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
from trading.venues.bybit import pages
from trading.venues.bybit.errors import ORDER_ERRORS, read_error
from trading.venues.bybit.fast import RECEIVE_WINDOW, BybitFastOrders, position_params
from trading.venues.bybit.money import CURRENCY, transactions
from trading.venues.bybit.streams import POSITION_SIDES, SIGNS, BybitStreams
from trading.venues.fast.protocol import FastOrders
from trading.venues.figures import number
from trading.venues.listing import Listing, our_symbol
from trading.venues.streams.protocol import UserStreams
from trading.venues.verdicts import Row, VenueError
from trading.venues.wire import Reply

_SETTLED_IN = ("USDT", "USDC")  # positions are listed by the coin that they settle in
_MODE_SAMPLE = "BTCUSDT"  # the position mode is told by instrument alone
_MARGIN_MODES = {
    "REGULAR_MARGIN": "cross",
    "PORTFOLIO_MARGIN": "cross",
    "ISOLATED_MARGIN": "isolated",
}


def _options() -> dict[str, Any]:
    """With the account's kind given, ccxt does not ask for it before every order."""
    return {
        "defaultType": "swap",
        "fetchMarkets": {"types": ["linear"]},
        "enableUnifiedMargin": False,
        "enableUnifiedAccount": True,
        "unifiedMarginStatus": 6,
        "recvWindow": RECEIVE_WINDOW,
    }


@dataclass(frozen=True, slots=True)
class BybitLinear:
    """Implements :class:`trading.venues.dialect.Dialect` with inspection, settings,
    paging, money and streams.
    """

    options: Mapping[str, Any] = field(default_factory=_options)
    acceptance_window: timedelta = timedelta(milliseconds=RECEIVE_WINDOW)
    fast: FastOrders | None = field(default_factory=BybitFastOrders)
    streams: UserStreams = field(default_factory=BybitStreams)
    errors: tuple[Row, ...] = ORDER_ERRORS
    absent_codes: frozenset[str] = frozenset()  # an empty list says it
    usage_header: str = ""
    trades_window: timedelta = pages.TRADES_WINDOW
    trades_page: int = pages.TRADES_PAGE
    settled_codes: frozenset[str] = frozenset({"110025", "110026", "110043"})
    exposure_codes: frozenset[str] = frozenset({"110024", "110028"})
    leverage_params: Mapping[str, Any] = field(default_factory=dict)
    max_leverage: int = 20  # every listed instrument names its own

    def read_error(self, reply: Reply) -> VenueError:
        return read_error(reply)

    def rows(self, answer: Any) -> list[Any]:
        return pages.rows(answer)

    def order_params(self, order: OrderRequest) -> dict[str, Any]:
        return {"clientOrderId": order.client_id, **position_params(order)}

    async def balance(self, client: Any) -> BalanceReport:
        """An account that never held the currency lists no row of it: then it has none.

        Margin is cross, so that other coins' losses may leave less than the row lets hope.
        """
        wanted = {"accountType": "UNIFIED", "coin": CURRENCY}
        (account,) = self.rows(await client.privateGetV5AccountWalletBalance(wanted))
        for row in account["coin"]:
            if row["coin"] == CURRENCY:
                equity, told = number(row["equity"]), account["totalAvailableBalance"]
                used = (row[name] or 0 for name in ("locked", "totalPositionIM", "totalOrderIM"))
                free = equity - sum((number(part) for part in used), Decimal(0))
                free = min(free, number(told)) if told else free
                return BalanceReport(CURRENCY, equity, free, number(row["walletBalance"]))
        return BalanceReport(CURRENCY, Decimal(0), Decimal(0), Decimal(0))

    async def money(
        self, client: Any, since: datetime, listings: Mapping[str, Listing]
    ) -> list[MoneyReport]:
        return await transactions(client, since, listings)

    async def find_order(
        self, client: Any, unified: str, client_id: str
    ) -> Mapping[str, Any] | None:
        """The quick list forgets what has ended when the venue restarts; the history lags."""
        market = client.market(unified)
        wanted = {"category": "linear", "symbol": market["id"], "orderLinkId": client_id}
        for ask in (client.privateGetV5OrderRealtime, client.privateGetV5OrderHistory):
            if found := self.rows(await ask(wanted)):
                (row,) = found
                order: Mapping[str, Any] = client.parse_order(row, market)
                return order
        return None

    async def cancel(self, client: Any, unified: str, client_id: str) -> bool:
        await client.cancel_order(None, unified, {"orderLinkId": client_id})
        return True

    async def open_client_ids(self, client: Any, listing: Listing) -> frozenset[str]:
        return await pages.open_client_ids(client, listing)

    async def trades(self, client: Any, listing: Listing, since_ms: int) -> list[Mapping[str, Any]]:
        return await pages.trades(client, listing, since_ms)

    async def positions(self, client: Any, listings: Mapping[str, Listing]) -> list[PositionReport]:
        found = [
            row
            for coin in _SETTLED_IN
            for row in await pages.whole(
                client.privateGetV5PositionList, {"settleCoin": coin}, pages.POSITIONS_PAGE
            )
        ]
        return [_position(row, listings) for row in found if number(row["size"] or 0) != 0]

    async def quotes(self, client: Any, names: Mapping[str, str]) -> list[Quote]:
        """Best prices and marks come together; stamped with the venue's time of the answer."""
        answer = await client.publicGetV5MarketTickers({"category": "linear"})
        at = datetime.fromtimestamp(int(answer["time"]) / 1000, UTC)
        made = (
            _quote(names[row["symbol"]], row, at)
            for row in self.rows(answer)
            if row["symbol"] in names
            if row["bid1Price"] and row["ask1Price"]  # an empty side is told as an empty text
        )
        return [quote for quote in made if 0 < quote.bid <= quote.ask and quote.mark > 0]

    async def settings(self, client: Any, listing: Listing) -> AccountSettings:
        """The margin mode is the account's, leverage and position mode are the symbol's."""
        account = (await client.privateGetV5AccountInfo())["result"]
        asked = {"category": "linear", "symbol": listing.spec.venue_symbol}
        rows = self.rows(await client.privateGetV5PositionList(asked))
        levels = {int(number(row["leverage"])) for row in rows if row["leverage"]}
        modes = {int(row["positionIdx"]) != 0 for row in rows}
        return AccountSettings(
            leverage=levels.pop() if len(levels) == 1 else None,
            margin_mode=MarginMode(_MARGIN_MODES[account["marginMode"]]),
            hedged=modes.pop() if len(modes) == 1 else None,
        )

    async def inspect(self, client: Any, *, demo: bool) -> KeyReport:
        """The demo network does not tell keys' rights; its play money cannot be withdrawn."""
        account = (await client.privateGetV5AccountInfo())["result"]
        asked = {"category": "linear", "symbol": _MODE_SAMPLE}
        held = self.rows(await client.privateGetV5PositionList(asked))
        modes = {int(row["positionIdx"]) != 0 for row in held}
        rights = {} if demo else (await client.privateGetV5UserQueryApi())["result"]
        return KeyReport(
            can_trade=None if demo else _may_trade(rights),
            can_withdraw=not demo and "Withdraw" in rights["permissions"]["Wallet"],
            ip_restricted=None if demo else _bound(rights["ips"]),
            hedge=modes.pop() if len(modes) == 1 else None,
            margin_mode=_MARGIN_MODES[account["marginMode"]],
        )


def _may_trade(rights: Mapping[str, Any]) -> bool:
    writes = int(rights["readOnly"]) == 0 and "Order" in rights["permissions"]["ContractTrade"]
    return writes and int(rights["uta"]) == 1


def _bound(addresses: list[str]) -> bool:
    """A key for any address is told as a star."""
    return bool(addresses) and "*" not in addresses


def _position(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> PositionReport:
    """Sizes come without a sign. Raises KeyError for a side that is neither of the two."""
    return PositionReport(
        symbol=our_symbol(listings, row["symbol"]),
        position_side=POSITION_SIDES[int(row["positionIdx"])],
        quantity=number(row["size"]) * SIGNS[row["side"]],
        entry_price=number(row["avgPrice"]),
        mark_price=number(row["markPrice"]) if row["markPrice"] else None,
        unrealised=number(row["unrealisedPnl"]) if row["unrealisedPnl"] else None,
    )


def _quote(symbol: str, row: Mapping[str, Any], at: datetime) -> Quote:
    return Quote(
        symbol=symbol,
        bid=number(row["bid1Price"]),
        ask=number(row["ask1Price"]),
        mark=number(row["markPrice"]),
        at=at,
    )
