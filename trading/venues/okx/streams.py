"""OKX's private stream (wire facts §3): orders, positions and account channels.

A message about an order carries the fill that changed it. Sizes are contracts. Stops and targets
are told on another socket (``/ws/v5/business``). Only masters' matter, so they are asked for.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64encode
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
)
from trading.domain.ports import Credentials, FillReport, MarginMode, OrderState, PositionSide, Side
from trading.venues.figures import moment, number
from trading.venues.listing import Listing, our_symbol
from trading.venues.lookup import says_absent
from trading.venues.okx import pages
from trading.venues.okx.errors import read_error
from trading.venues.streams.protocol import Door, Pace, StreamEnded
from trading.venues.wire import current_call

POSITION_SIDES = {
    "net": (PositionSide.BOTH, 1),
    "long": (PositionSide.LONG, 1),
    "short": (PositionSide.SHORT, -1),  # told without a sign
}
ABSENT = frozenset({"51603"})
_HOSTS = {False: "wss://ws.okx.com:8443", True: "wss://wspap.okx.com:8443"}
_AT_CHANGES = '{"updateInterval": "0"}'  # else every few seconds too
_CHANNELS = (
    {"channel": "orders", "instType": "SWAP"},
    {"channel": "positions", "instType": "SWAP", "extraParams": _AT_CHANGES},
    {"channel": "account", "extraParams": _AT_CHANGES},
)
# Empty, unknown or wrong parts of keys (the reference's list of websocket errors). Others of that
# list speak of the clock (60004, 60006), of our pace or of what was asked for.
_REFUSED = frozenset({"60001", "60002", "60003", "60005", "60007", "60009", "60024", "60032"})
_CLOSING_SOON = "64008"  # the venue's notice before maintenance
_STATES = {
    "live": OrderState.OPEN,
    "partially_filled": OrderState.PARTIALLY_FILLED,
    "filled": OrderState.FILLED,
    "canceled": OrderState.CANCELLED,
    "mmp_canceled": OrderState.CANCELLED,
}
_FORCED = frozenset({"full_liquidation", "partial_liquidation", "adl"})
_MARGIN_MODES = {"cross": MarginMode.CROSS, "isolated": MarginMode.ISOLATED}

Reader = Callable[[Mapping[str, Any], Mapping[str, Listing]], list[News]]


@dataclass(frozen=True, slots=True)
class OkxStreams:
    """Implements :class:`trading.venues.streams.protocol.UserStreams`."""

    pace: Pace = Pace(renew=23 * 3600.0, silence=25.0)
    ping: str = "ping"
    tells_fills: bool = True
    tells_exits: bool = False

    async def open(self, client: Any, base: str, *, demo: bool) -> Door:
        return Door(f"{base or _HOSTS[demo]}/ws/v5/private")

    async def keep(self, client: Any, door: Door) -> None:
        return None

    async def orders(self, client: Any, listing: Listing, venue_order_id: str) -> list[OrderNews]:
        symbol = listing.spec.venue_symbol
        if not venue_order_id:
            rows = await pages.pending(client, listing)
        else:
            asked = {"instId": symbol, "ordId": venue_order_id}
            try:
                rows = pages.rows(await client.privateGetTradeOrder(asked))
            except Exception:
                reply = current_call.get().reply
                if reply and says_absent(reply, read_error(reply), ABSENT):
                    return []
                raise
        return [_order(row, {symbol: listing}) for row in rows]

    async def exits(self, client: Any, listings: Mapping[str, Listing]) -> list[ExitNews]:
        rows = await pages.waiting(client)
        return [found for row in rows for found in exits_in(row, listings)]

    def login(self, keys: Credentials, at_ms: int) -> Sequence[str]:
        stamp = str(at_ms // 1000)
        told = f"{stamp}GET/users/self/verify".encode()
        mark = b64encode(hmac.digest(keys.secret.encode(), told, "sha256")).decode()
        words = {
            "apiKey": keys.api_key,
            "passphrase": keys.passphrase,
            "timestamp": stamp,
            "sign": mark,
        }
        return [json.dumps({"op": "login", "args": [words]})]

    def next(self, message: Any) -> Sequence[str] | None:
        """In with the last channel: they are answered one by one, in the order asked for."""
        match message:
            case {"event": "login", "code": "0"}:
                return [json.dumps({"op": "subscribe", "args": _CHANNELS})]
            case {"event": "subscribe", "arg": {"channel": channel}}:
                return None if channel == _CHANNELS[-1]["channel"] else ()
            case {"event": "error", "code": str(code), "msg": text}:
                breach = Breach.REFUSED if code in _REFUSED else Breach.UNAVAILABLE
                raise StreamEnded(breach, f"{code} {text}")
            case _:
                return ()

    def read(self, message: Any, listings: Mapping[str, Listing]) -> list[News]:
        """Nothing in answers to pings (no JSON) and in events, but for the last of them."""
        if message is None or "event" in message:
            if message and message.get("code") == _CLOSING_SOON:
                raise StreamEnded(Breach.CLOSED, _CLOSING_SOON)
            return []
        reader = _READERS.get(message["arg"]["channel"])
        rows = message["data"] if reader else []
        return [news for row in rows for news in reader(row, listings)] if reader else []


def _size(listings: Mapping[str, Listing], venue_symbol: str) -> Decimal:
    listing = listings.get(venue_symbol)
    return listing.contract_size if listing else Decimal(1)


def _order(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> OrderNews:
    size = _size(listings, row["instId"])
    return OrderNews(
        str(row["ordId"]), str(row["clOrdId"]), our_symbol(listings, row["instId"]),
        Side(row["side"]), POSITION_SIDES[row["posSide"]][0], number(row["sz"]) * size,
        row["reduceOnly"] == "true", _STATES[row["state"]],
        number(row["accFillSz"] or 0) * size, moment(row["uTime"]), row["category"] in _FORCED,
    )  # fmt: skip


def _orders(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    """What a fee cost is told as a negative number."""
    order = _order(row, listings)
    if not row["tradeId"] or number(row["fillSz"] or 0) <= 0:
        return [order]
    fill = FillReport(
        trade_id=str(row["tradeId"]),
        venue_order_id=order.venue_order_id,
        symbol=order.symbol,
        side=order.side,
        quantity=number(row["fillSz"]) * _size(listings, row["instId"]),
        price=number(row["fillPx"]),
        fee=-number(row["fillFee"] or 0),
        fee_currency=str(row["fillFeeCcy"]),
        at=moment(row["fillTime"]),
    )
    return [FillNews(fill, order.client_id, order.position_side, order.forced), order]


def exits_in(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[ExitNews]:
    """One that cancels the other is a stop and a target; what may open is left out."""
    side, position_side = Side(row["side"]), POSITION_SIDES[row["posSide"]][0]
    whole = row.get("closeFraction") == "1"
    leaves = {PositionSide.LONG: Side.SELL, PositionSide.SHORT: Side.BUY}.get(position_side)
    if not (whole or row["reduceOnly"] == "true" or leaves is side):
        return []
    quantity = Decimal(0) if whole else number(row["sz"]) * _size(listings, row["instId"])
    at = moment(row.get("uTime") or row["cTime"])
    return [
        ExitNews(
            f"{row['algoId']}{name}", str(row["algoClOrdId"]), our_symbol(listings, row["instId"]),
            side, position_side, name == "sl", number(row[f"{name}TriggerPx"]), quantity,
            row["state"] == "live", at,
        )
        for name in ("sl", "tp")
        if number(row[f"{name}TriggerPx"] or 0) > 0
    ]  # fmt: skip


def _position(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    side, sign = POSITION_SIDES[row["posSide"]]
    quantity = number(row["pos"] or 0) * sign * _size(listings, row["instId"])
    symbol, at = our_symbol(listings, row["instId"]), moment(row["uTime"])
    mode = _MARGIN_MODES[row["mgnMode"]]
    return [PositionNews(symbol, side, quantity, number(row["avgPx"] or 0), at, mode)]


def _account(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    return [BalanceNews("account", moment(row["uTime"]))]


_READERS: Mapping[str, Reader] = {"orders": _orders, "positions": _position, "account": _account}
