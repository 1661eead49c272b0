"""Bybit's private stream (wire facts §2): order, execution, position and wallet topics.

An execution does not say whose side of a hedged position it is: its order's news do. The account's
margin mode is told by no topic.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
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
)
from trading.domain.ports import Credentials, FillReport, OrderState, PositionSide, Side
from trading.venues.bybit import pages
from trading.venues.figures import moment, number
from trading.venues.listing import Listing, our_symbol
from trading.venues.streams.protocol import Door, Pace, StreamEnded

POSITION_SIDES = {0: PositionSide.BOTH, 1: PositionSide.LONG, 2: PositionSide.SHORT}
SIGNS = {"Buy": 1, "Sell": -1, "": 0}
_HOSTS = {False: "wss://stream.bybit.com", True: "wss://stream-demo.bybit.com"}
_TOPICS = ("order.linear", "execution.linear", "position.linear", "wallet")
_VALID = 10_000  # ms that our word stays good for
_SIDES = {"Buy": Side.BUY, "Sell": Side.SELL}
_STATES = {
    "New": OrderState.OPEN,
    "Untriggered": OrderState.OPEN,
    "Triggered": OrderState.OPEN,
    "PartiallyFilled": OrderState.PARTIALLY_FILLED,
    "Filled": OrderState.FILLED,
    "Cancelled": OrderState.CANCELLED,
    "Deactivated": OrderState.CANCELLED,
    "Rejected": OrderState.REJECTED,
}
_EXITS = {
    "StopLoss": True, "PartialStopLoss": True, "TakeProfit": False, "PartialTakeProfit": False,
}  # fmt: skip
_WHOLE = ("StopLoss", "TakeProfit")  # of the position, however large it is by then
_RISING = 1  # the way in which the price comes to the trigger
_FORCED = ("CreateByLiq", "CreateByAdl", "CreateByTakeOver")

Reader = Callable[[Mapping[str, Any], Mapping[str, Listing]], list[News]]


@dataclass(frozen=True, slots=True)
class BybitStreams:
    """Implements :class:`trading.venues.streams.protocol.UserStreams`."""

    pace: Pace = Pace(renew=23 * 3600.0, silence=40.0)
    ping: str = '{"op":"ping"}'
    tells_fills: bool = True
    tells_exits: bool = True

    async def open(self, client: Any, base: str, *, demo: bool) -> Door:
        return Door(f"{base or _HOSTS[demo]}/v5/private")

    async def keep(self, client: Any, door: Door) -> None:
        return None

    async def orders(self, client: Any, listing: Listing, venue_order_id: str) -> list[OrderNews]:
        """The quick list forgets what has ended when the venue restarts; the history lags."""
        asked = {"symbol": listing.spec.venue_symbol}
        if not venue_order_id:
            asked["openOnly"] = "0"
            rows = await pages.whole(client.privateGetV5OrderRealtime, asked, pages.ORDERS_PAGE)
        else:
            asked |= {"category": "linear", "orderId": venue_order_id}
            rows = pages.rows(await client.privateGetV5OrderRealtime(asked))
            rows = rows or pages.rows(await client.privateGetV5OrderHistory(asked))
        return [_order(row, {listing.spec.venue_symbol: listing}) for row in rows]

    async def exits(self, client: Any, listings: Mapping[str, Listing]) -> list[ExitNews]:
        asked = {"settleCoin": "USDT", "orderFilter": "StopOrder", "openOnly": "0"}
        rows = await pages.whole(client.privateGetV5OrderRealtime, asked, pages.ORDERS_PAGE)
        return [found for row in rows for found in exits_in(row, listings)]

    def login(self, keys: Credentials, at_ms: int) -> Sequence[str]:
        expires = at_ms + _VALID
        mark = hmac.digest(keys.secret.encode(), f"GET/realtime{expires}".encode(), "sha256").hex()
        return [json.dumps({"op": "auth", "args": [keys.api_key, expires, mark]})]

    def next(self, message: Any) -> Sequence[str] | None:
        match message:
            case {"op": "auth", "success": True}:
                return [json.dumps({"op": "subscribe", "args": _TOPICS})]
            case {"op": "subscribe", "success": True}:
                return None
            case {"op": "auth", "success": False, "ret_msg": text}:
                raise StreamEnded(Breach.REFUSED, str(text))
            case {"op": "subscribe", "success": False, "ret_msg": text}:
                raise StreamEnded(Breach.UNAVAILABLE, str(text))
            case _:
                return ()

    def read(self, message: Any, listings: Mapping[str, Listing]) -> list[News]:
        """Answers to pings and to subscriptions have no topic."""
        reader = _READERS.get(str(message.get("topic", "")).partition(".")[0])
        if reader is None:
            return []
        rows = (row for row in message["data"] if row.get("category", "linear") == "linear")
        return [news for row in rows for news in reader(row, listings)]


def _order(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> OrderNews:
    return OrderNews(
        str(row["orderId"]), str(row["orderLinkId"]), our_symbol(listings, row["symbol"]),
        _SIDES[row["side"]], POSITION_SIDES[int(row["positionIdx"])], number(row["qty"]),
        row["reduceOnly"] is True, _STATES[row["orderStatus"]], number(row["cumExecQty"] or 0),
        moment(row["updatedTime"]), _forced(row),
    )  # fmt: skip


def _forced(row: Mapping[str, Any]) -> bool:
    return str(row.get("createType") or "").startswith(_FORCED)


def _orders(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    """With what it closes at its price, while it waits for that."""
    return [_order(row, listings), *exits_in(row, listings)]


def exits_in(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[ExitNews]:
    """Stops and targets of the position, and conditional orders that only close. Trailing stops and
    conditional entries are left out.
    """
    order = _order(row, listings)
    kind, trigger = str(row.get("stopOrderType") or ""), number(row.get("triggerPrice") or 0)
    stops = _EXITS.get(kind)
    if kind == "Stop" and (order.reduce_only or row.get("closeOnTrigger") is True):
        stops = (int(row["triggerDirection"]) == _RISING) == (order.side is Side.BUY)
    if stops is None or not trigger:
        return []
    return [
        ExitNews(
            order.venue_order_id, order.client_id, order.symbol, order.side, order.position_side,
            stops, trigger, Decimal(0) if kind in _WHOLE else order.quantity,
            row["orderStatus"] == "Untriggered", order.at,
        )
    ]  # fmt: skip


def _execution(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    """Funding and settlement are told here as well: money that moved without a trade."""
    at = moment(row["execTime"])
    if row["execType"] not in pages.TRADES:
        return [BalanceNews(str(row["execType"]), at)]
    fill = FillReport(
        trade_id=str(row["execId"]),
        venue_order_id=str(row["orderId"]),
        symbol=our_symbol(listings, row["symbol"]),
        side=_SIDES[row["side"]],
        quantity=number(row["execQty"]),
        price=number(row["execPrice"]),
        fee=number(row["execFee"] or 0),
        fee_currency=str(row.get("feeCurrency") or "USDT"),
        at=at,
    )
    return [FillNews(fill, str(row["orderLinkId"]), None, _forced(row))]


def _position(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    """Sizes come without a sign."""
    size: Decimal = number(row["size"] or 0) * SIGNS[row["side"]]
    side = POSITION_SIDES[int(row["positionIdx"])]
    entry = number(row["entryPrice"] or 0)
    symbol, at = our_symbol(listings, row["symbol"]), moment(row["updatedTime"])
    return [PositionNews(symbol, side, size, entry, at)]


def _wallet(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    return [BalanceNews("wallet", datetime.now(UTC))]


_READERS: Mapping[str, Reader] = {
    "order": _orders,
    "execution": _execution,
    "position": _position,
    "wallet": _wallet,
}
