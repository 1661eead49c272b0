"""Binance USDⓈ-M user data streams (wire facts §1.7).

A key for an hour opens the socket and is kept alive by REST. Orders and accounts are told by
different events, between which no order is promised; nothing is told twice after a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trading.domain.news import (
    BalanceNews,
    Breach,
    ExitNews,
    FillNews,
    News,
    OrderNews,
    PositionNews,
    SettingsNews,
)
from trading.domain.ports import (
    Credentials,
    FillReport,
    MarginMode,
    OrderState,
    PositionSide,
    Side,
)
from trading.venues.figures import moment, number
from trading.venues.listing import Listing, our_symbol
from trading.venues.streams.protocol import Door, Pace, StreamEnded
from trading.venues.verdicts import read_error
from trading.venues.wire import current_call

_HOSTS = {False: "wss://fstream.binance.com", True: "wss://fstream.binancefuture.com"}
_NO_SUCH_KEY = "-1125"
_STATES = {
    "NEW": OrderState.OPEN,
    "PARTIALLY_FILLED": OrderState.PARTIALLY_FILLED,
    "FILLED": OrderState.FILLED,
    "CANCELED": OrderState.CANCELLED,
    "EXPIRED": OrderState.EXPIRED,
    "EXPIRED_IN_MATCH": OrderState.EXPIRED,
    "REJECTED": OrderState.REJECTED,
}
_TRADES = ("TRADE", "CALCULATED")  # the second one is the venue's own, by which it liquidates
_FORCED = ("autoclose-", "adl_autoclose", "settlement_autoclose-")
_EXITS = {"STOP": True, "STOP_MARKET": True, "TAKE_PROFIT": False, "TAKE_PROFIT_MARKET": False}
_MARGIN_MODES = {"cross": MarginMode.CROSS, "isolated": MarginMode.ISOLATED}

Reader = Callable[[Mapping[str, Any], Mapping[str, Listing]], list[News]]


@dataclass(frozen=True, slots=True)
class BinanceStreams:
    """Implements :class:`trading.venues.streams.protocol.UserStreams`."""

    pace: Pace = Pace(renew=23 * 3600.0, keep=30 * 60.0)
    ping: str = ""
    tells_fills: bool = True
    tells_exits: bool = True

    async def open(self, client: Any, base: str, *, demo: bool) -> Door:
        """The valid key of the account if it has one, with its hour renewed."""
        key = str((await client.fapiPrivatePostListenKey())["listenKey"])
        return Door(f"{base or _HOSTS[demo]}/private/ws/{key}", key)

    async def keep(self, client: Any, door: Door) -> None:
        try:
            await client.fapiPrivatePutListenKey()
        except Exception:
            reply = current_call.get().reply
            if reply and read_error(reply, "code", "msg").code == _NO_SUCH_KEY:
                raise StreamEnded(Breach.KEY_GONE) from None
            raise

    async def orders(self, client: Any, listing: Listing, venue_order_id: str) -> list[OrderNews]:
        asked = {"symbol": listing.spec.venue_symbol}
        if venue_order_id:
            rows = [await client.fapiPrivateGetOrder({**asked, "orderId": venue_order_id})]
        else:
            rows = await client.fapiPrivateGetOpenOrders(asked)
            if not isinstance(rows, list):
                raise TypeError("not a list")
        return [_asked(row, listing.spec.symbol) for row in rows]

    async def exits(self, client: Any, listings: Mapping[str, Listing]) -> list[ExitNews]:
        rows = await client.fapiPrivateGetOpenAlgoOrders()
        if not isinstance(rows, list):
            raise TypeError("not a list")
        return [found for row in rows for found in exits_in(row, listings)]

    def login(self, keys: Credentials, at_ms: int) -> Sequence[str]:
        return ()

    def next(self, message: Any) -> Sequence[str] | None:
        return None

    def read(self, message: Any, listings: Mapping[str, Listing]) -> list[News]:
        """TRADE_LITE tells fills once more with less, so it is left out like all we do not name."""
        reader = _READERS.get(message["e"])
        return reader(message, listings) if reader else []


def _order(message: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    told = message["o"]
    symbol, side = our_symbol(listings, told["s"]), Side(told["S"].lower())
    position_side, at = PositionSide(told["ps"].lower()), moment(told["T"])
    order_id, client_id = str(told["i"]), str(told["c"])
    forced = client_id.startswith(_FORCED)
    found: list[News] = []
    if told["x"] in _TRADES and number(told["l"]) > 0:
        fill = FillReport(
            trade_id=str(told["t"]),
            venue_order_id=order_id,
            symbol=symbol,
            side=side,
            quantity=number(told["l"]),
            price=number(told["L"]),
            fee=number(told.get("n") or 0),
            fee_currency=str(told.get("N") or ""),
            at=at,
        )
        found.append(FillNews(fill, client_id, position_side, forced))
    executed = number(told["z"])
    found.append(
        OrderNews(
            order_id, client_id, symbol, side, position_side, number(told["q"]),
            told["R"] is True, _state(told["X"], executed), executed, at, forced,
        )
    )  # fmt: skip
    return found


def _asked(row: Mapping[str, Any], symbol: str) -> OrderNews:
    executed, client_id = number(row["executedQty"]), str(row["clientOrderId"])
    return OrderNews(
        str(row["orderId"]), client_id, symbol, Side(row["side"].lower()),
        PositionSide(row["positionSide"].lower()), number(row["origQty"]),
        row["reduceOnly"] is True, _state(row["status"], executed), executed,
        moment(row["updateTime"]), client_id.startswith(_FORCED),
    )  # fmt: skip


def _state(word: str, executed: Decimal) -> OrderState:
    state = _STATES[word]
    amended = state is OrderState.OPEN and executed > 0
    return OrderState.PARTIALLY_FILLED if amended else state


def _waiting(message: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    """Conditional orders: stops and targets that close; entries and trailing stops are left out."""
    told = message["o"]
    closes = told.get("cp") is True or told.get("R") is True or told["ps"] != "BOTH"
    if told["o"] not in _EXITS or not closes:
        return []
    return [
        ExitNews(
            str(told["aid"]), str(told["caid"]), our_symbol(listings, told["s"]),
            Side(told["S"].lower()), PositionSide(told["ps"].lower()), _EXITS[told["o"]],
            number(told["tp"]), number(told["q"] or 0), told["X"] == "NEW", moment(message["T"]),
        )
    ]  # fmt: skip


def exits_in(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[ExitNews]:
    closes = row["closePosition"] is True or row["reduceOnly"] is True
    if row["orderType"] not in _EXITS or not (closes or row["positionSide"] != "BOTH"):
        return []
    return [
        ExitNews(
            str(row["algoId"]), str(row["clientAlgoId"]), our_symbol(listings, row["symbol"]),
            Side(row["side"].lower()), PositionSide(row["positionSide"].lower()),
            _EXITS[row["orderType"]], number(row["triggerPrice"]), number(row["quantity"] or 0),
            row["algoStatus"] == "NEW", moment(row["updateTime"] or row["createTime"]),
        )
    ]  # fmt: skip


def _account(message: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    told, at = message["a"], moment(message["T"])
    found: list[News] = [BalanceNews(str(told["m"]), at)]
    for row in told.get("P", ()):
        symbol, mode = our_symbol(listings, row["s"]), _MARGIN_MODES[row["mt"]]
        side = PositionSide(row["ps"].lower())
        quantity, entry = number(row["pa"]), number(row["ep"])
        found.append(PositionNews(symbol, side, quantity, entry, at, mode))
        if told["m"] == "MARGIN_TYPE_CHANGE":
            found.append(SettingsNews(symbol, at, margin_mode=mode))
    return found


def _settings(message: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    """Either a symbol's leverage, or the multi-assets mode of the account."""
    at = moment(message["T"])
    if symbol := message.get("ac"):
        name = our_symbol(listings, symbol["s"])
        return [SettingsNews(name, at, leverage=int(symbol["l"]))]
    return [BalanceNews("ACCOUNT_CONFIG_UPDATE", at)]


def _expired(message: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    raise StreamEnded(Breach.KEY_GONE)


_READERS: Mapping[str, Reader] = {
    "ORDER_TRADE_UPDATE": _order,
    "ALGO_UPDATE": _waiting,
    "ACCOUNT_UPDATE": _account,
    "ACCOUNT_CONFIG_UPDATE": _settings,
    "listenKeyExpired": _expired,
}
