"""Coinbase's private stream: the channels ``user`` and ``futures_balance_summary``, and heartbeats.

Sources: the reference pages websocket-overview and websocket-channels, the vendor's AsyncAPI file,
and ccxt. An order is told with what it executed in all, and no trades: those are asked for
(:class:`trading.venues.streams.protocol.OrderFills`). Each subscription shows a token of its own;
heartbeats come every second, so a quiet socket is a dead one. Every message has a number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from trading.domain.news import BalanceNews, Breach, ExitNews, News, OrderNews, PositionNews
from trading.domain.ports import Credentials, FillReport, OrderState, PositionSide, Side
from trading.venues.coinbase import pages
from trading.venues.coinbase.errors import read_error
from trading.venues.coinbase.jwt import socket_token
from trading.venues.coinbase.shapes import SIGNS, value
from trading.venues.figures import moment, number
from trading.venues.listing import Listing
from trading.venues.lookup import says_absent
from trading.venues.streams.protocol import Door, Pace, StreamEnded
from trading.venues.trades import read_fill
from trading.venues.wire import current_call

_HOST = "wss://advanced-trade-ws-user.coinbase.com"
_USER, _MONEY, _BEATS = "user", "futures_balance_summary", "heartbeats"
_CHANNELS = (_USER, _MONEY, _BEATS)  # these three are all that the host has
_REFUSED = "authentication failure"
_ABSENT = frozenset({"NOT_FOUND"})
_STATES = {
    "PENDING": OrderState.OPEN,
    "QUEUED": OrderState.OPEN,
    "OPEN": OrderState.OPEN,
    "CANCEL_QUEUED": OrderState.OPEN,
    "EDIT_QUEUED": OrderState.OPEN,
    "FILLED": OrderState.FILLED,
    "CANCELLED": OrderState.CANCELLED,
    "EXPIRED": OrderState.EXPIRED,
    "FAILED": OrderState.REJECTED,
}

Reader = Callable[[Mapping[str, Any], datetime, Mapping[str, Listing]], list[News]]


@dataclass(frozen=True, slots=True)
class CoinbaseStreams:
    """Implements :class:`trading.venues.streams.protocol.UserStreams`, ``OrderFills`` and
    ``NumberedStreams``.
    """

    pace: Pace = Pace(renew=23 * 3600.0, silence=10.0)
    ping: str = ""
    tells_fills: bool = False
    tells_exits: bool = False

    async def open(self, client: Any, base: str, *, demo: bool) -> Door:
        return Door(base or _HOST)

    async def keep(self, client: Any, door: Door) -> None:
        return None

    async def orders(self, client: Any, listing: Listing, venue_order_id: str) -> list[OrderNews]:
        """As of the time before they were asked for: rows do not say when they changed."""
        at, product = moment(client.nonce()), listing.spec.venue_symbol
        if not venue_order_id:
            rows = await pages.open_orders(client, product)
        else:
            asked = {"order_id": venue_order_id}
            try:
                told = await client.v3PrivateGetBrokerageOrdersHistoricalOrderId(asked)
            except Exception:
                reply = current_call.get().reply
                if reply and says_absent(reply, read_error(reply), _ABSENT):
                    return []
                raise
            rows = [told["order"]]
        return [_asked(row, listing, at) for row in rows]

    async def fills(self, client: Any, listing: Listing, venue_order_id: str) -> list[FillReport]:
        market = client.market(listing.unified)
        rows = await pages.fills(client, market["id"], order_ids=[venue_order_id])
        told = [client.parse_trade(row, market) for row in rows]
        return [read_fill(trade, listing.spec.symbol, listing.contract_size) for trade in told]

    async def exits(self, client: Any, listings: Mapping[str, Listing]) -> list[ExitNews]:
        """None: an order that waits does not say whether it only closes."""
        return []

    def login(self, keys: Credentials, at_ms: int) -> Sequence[str]:
        return [_subscription(each, keys, at_ms) for each in _CHANNELS]

    def next(self, message: Any) -> Sequence[str] | None:
        match message:
            case {"channel": "subscriptions", "events": [{"subscriptions": {**taken}}, *_]}:
                return None if taken.keys() >= set(_CHANNELS) else ()
            case {"type": "error"}:
                raise _ended(message)
            case _:
                return ()

    def number(self, message: Any) -> tuple[str, int] | None:
        match message:
            case {"channel": str(channel), "sequence_num": int(number_)}:
                return channel, number_
            case _:
                return None

    def read(self, message: Any, listings: Mapping[str, Listing]) -> list[News]:
        if message.get("type") == "error":
            raise _ended(message)
        reader = _READERS.get(message["channel"])
        if reader is None:
            return []
        at = datetime.fromisoformat(message["timestamp"])
        return [news for event in message["events"] for news in reader(event, at, listings)]


def _subscription(channel: str, keys: Credentials, at_ms: int) -> str:
    token = socket_token(keys.api_key, keys.secret, at_ms)
    return json.dumps({"type": "subscribe", "channel": channel, "jwt": token})


def _ended(message: Mapping[str, Any]) -> StreamEnded:
    text = str(message.get("message", ""))
    return StreamEnded(Breach.REFUSED if text == _REFUSED else Breach.UNAVAILABLE, text)


def _state(word: str, executed: Decimal) -> OrderState:
    state = _STATES[word]
    return OrderState.PARTIALLY_FILLED if state is OrderState.OPEN and executed > 0 else state


def _asked(row: Mapping[str, Any], listing: Listing, at: datetime) -> OrderNews:
    """What was ordered stands in a configuration whose name says its kind."""
    executed = number(row["filled_size"]) * listing.contract_size
    (terms,) = row["order_configuration"].values()
    size = number(terms.get("base_size") or row["filled_size"]) * listing.contract_size
    return OrderNews(
        str(row["order_id"]), str(row["client_order_id"]), listing.spec.symbol,
        Side(row["side"].lower()), PositionSide.BOTH, size, terms.get("reduce_only") is True,
        _state(row["status"], executed), executed, at, row.get("is_liquidation") is True,
    )  # fmt: skip


def _user(event: Mapping[str, Any], at: datetime, listings: Mapping[str, Listing]) -> list[News]:
    """Of what we list: the person's spot orders and dated futures are none of ours, and nobody
    could ask for their trades. Positions are told to those whom the venue lets see them.
    """
    orders: list[News] = [
        _order(row, listing, at)
        for row in event["orders"]
        if (listing := listings.get(row["product_id"]))
    ]
    held = (event.get("positions") or {}).get("expiring_futures_positions") or []
    positions: list[News] = [
        _position(row, listing, at) for row in held if (listing := listings.get(row["product_id"]))
    ]
    return orders + positions


def _order(row: Mapping[str, Any], listing: Listing, at: datetime) -> OrderNews:
    """Whether it only reduces, or was the venue's own, is not told here."""
    executed = number(row["cumulative_quantity"]) * listing.contract_size
    rest = number(row["leaves_quantity"]) * listing.contract_size
    return OrderNews(
        str(row["order_id"]), str(row["client_order_id"]), listing.spec.symbol,
        Side(row["order_side"].lower()), PositionSide.BOTH, executed + rest, False,
        _state(row["status"], executed), executed, at,
    )  # fmt: skip


def _position(row: Mapping[str, Any], listing: Listing, at: datetime) -> PositionNews:
    contracts = number(row["number_of_contracts"]) * SIGNS[row["side"].upper()]
    quantity, entry = contracts * listing.contract_size, number(row["entry_price"])
    return PositionNews(listing.spec.symbol, PositionSide.BOTH, quantity, entry, at)


def _money(event: Mapping[str, Any], at: datetime, listings: Mapping[str, Listing]) -> list[News]:
    """With something open each tick of its price is told; equity is asked for by the minute then,
    and after trades.
    """
    floats = value(event["fcm_balance_summary"]["unrealized_pnl"])
    return [] if floats else [BalanceNews(_MONEY, at)]


_READERS: Mapping[str, Reader] = {_USER: _user, _MONEY: _money}
