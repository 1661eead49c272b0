"""Upbit's private stream (reference pages websocket-guide, websocket-myorder, websocket-myasset).

Whoever connects with a token is known; what is wanted is asked for, and asked about, because the
venue says nothing to a request that it takes. A message about an order carries the trade that
changed it. Messages come as binary frames, figures in them as JSON numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from trading.domain.news import BalanceNews, Breach, ExitNews, FillNews, News, OrderNews
from trading.domain.ports import Credentials, FillReport, OrderState, PositionSide, Side
from trading.venues.figures import moment, number
from trading.venues.listing import Listing, our_symbol
from trading.venues.lookup import says_absent
from trading.venues.streams.protocol import Door, Pace, StreamEnded
from trading.venues.trades import read_fill
from trading.venues.upbit import pages
from trading.venues.upbit.errors import read_error
from trading.venues.upbit.jwt import bearer
from trading.venues.wire import current_call

ABSENT = frozenset({"order_not_found"})
_HOST = "wss://api.upbit.com"
_TYPES = ("myOrder", "myAsset")
_REFUSED = "INVALID_AUTH"
_SIDES = {"BID": Side.BUY, "ASK": Side.SELL, "bid": Side.BUY, "ask": Side.SELL}
_TRADE = "trade"
_STATES = {
    "wait": OrderState.OPEN,
    "watch": OrderState.OPEN,  # waits for its price
    _TRADE: OrderState.OPEN,  # "done" follows the last one
    "prevented": OrderState.OPEN,  # it met an order of the same person; its end is asked for
    "done": OrderState.FILLED,
    "cancel": OrderState.CANCELLED,
}

Reader = Callable[[Mapping[str, Any], Mapping[str, Listing]], list[News]]


@dataclass(frozen=True, slots=True)
class UpbitStreams:
    """Implements :class:`trading.venues.streams.protocol.UserStreams` and ``OrderFills``."""

    pace: Pace = Pace(renew=23 * 3600.0, silence=40.0)  # the venue closes after 120 s of silence
    ping: str = "PING"
    tells_fills: bool = True
    tells_exits: bool = False

    async def open(self, client: Any, base: str, *, demo: bool) -> Door:
        token = bearer(client.apiKey, client.secret)
        url = f"{base or _HOST}/websocket/v1/private"
        return Door(url, headers={"Authorization": f"Bearer {token}"})

    async def keep(self, client: Any, door: Door) -> None:
        return None

    async def orders(self, client: Any, listing: Listing, venue_order_id: str) -> list[OrderNews]:
        pair, at_ms = listing.spec.venue_symbol, int(client.nonce())
        if not venue_order_id:
            rows = await pages.open_orders(client, pair)
        else:
            found = await _order(client, venue_order_id)
            rows = [found] if found else []
        return [_news(row, row["market"], {pair: listing}, at_ms) for row in rows]

    async def fills(self, client: Any, listing: Listing, venue_order_id: str) -> list[FillReport]:
        row = await _order(client, venue_order_id)
        told = pages.trades_in(row) if row else []
        return [read_fill(trade, listing.spec.symbol, listing.contract_size) for trade in told]

    async def exits(self, client: Any, listings: Mapping[str, Listing]) -> list[ExitNews]:
        """None: what waits for its price is made in the venue's app, and told without it."""
        return []

    def login(self, keys: Credentials, at_ms: int) -> Sequence[str]:
        ticket = {"ticket": str(uuid4())}
        wanted = [ticket, *({"type": each} for each in _TYPES)]
        return [json.dumps(wanted), json.dumps([ticket, {"method": "LIST_SUBSCRIPTIONS"}])]

    def next(self, message: Any) -> Sequence[str] | None:
        match message:
            case {"method": "LIST_SUBSCRIPTIONS", "result": [*listed]}:
                if missing := set(_TYPES) - {each.get("type") for each in listed}:
                    raise StreamEnded(Breach.UNAVAILABLE, f"without {sorted(missing)}")
                return None
            case {"error": {"name": str(name)}}:
                raise _ended(name)
            case _:
                return ()

    def read(self, message: Any, listings: Mapping[str, Listing]) -> list[News]:
        """Answers to pings have a status and no type."""
        match message:
            case {"error": {"name": str(name)}}:
                raise _ended(name)
            case {"status": str()}:
                return []
        reader = _READERS.get(message["type"])
        return reader(message, listings) if reader else []


def _ended(name: str) -> StreamEnded:
    return StreamEnded(Breach.REFUSED if name == _REFUSED else Breach.UNAVAILABLE, name)


async def _order(client: Any, venue_order_id: str) -> Mapping[str, Any] | None:
    """None when the venue plainly has none such."""
    try:
        found: Mapping[str, Any] = await client.privateGetOrder({"uuid": venue_order_id})
    except Exception:
        reply = current_call.get().reply
        if reply and says_absent(reply, read_error(reply), ABSENT):
            return None
        raise
    return found


def _news(
    row: Mapping[str, Any], pair: str, listings: Mapping[str, Listing], at_ms: Any
) -> OrderNews:
    """Told and asked for alike. A buy by its cost has no volume: what it executed is its size."""
    state, executed = _STATES[row["state"]], number(row["executed_volume"])
    if state is OrderState.OPEN and executed > 0:
        state = OrderState.PARTIALLY_FILLED
    side = _SIDES[row.get("ask_bid") or row["side"]]
    return OrderNews(
        str(row["uuid"]), str(row.get("identifier") or ""), our_symbol(listings, pair), side,
        PositionSide.BOTH, executed + number(row["remaining_volume"] or 0), side is Side.SELL,
        state, executed, moment(at_ms),
    )  # fmt: skip


def _told(message: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    order = _news(message, message["code"], listings, message["timestamp"])
    if message["state"] != _TRADE:
        return [order]
    fill = FillReport(
        trade_id=str(message["trade_uuid"]),
        venue_order_id=order.venue_order_id,
        symbol=order.symbol,
        side=order.side,
        quantity=number(message["volume"]),
        price=number(message["price"]),
        fee=number(message["trade_fee"]),
        fee_currency=str(message["code"]).partition("-")[0],
        at=moment(message["trade_timestamp"]),
    )
    return [FillNews(fill, order.client_id, PositionSide.BOTH), order]


def _assets(message: Mapping[str, Any], listings: Mapping[str, Listing]) -> list[News]:
    return [BalanceNews("myAsset", moment(message["timestamp"]))]


_READERS: Mapping[str, Reader] = {"myOrder": _told, "myAsset": _assets}
