"""Stops and targets of a whole position (``tpslMode`` Full): set, moved by setting anew, taken out.

They are orders with a trigger, told on the order topic. None is triggered here, and none ends with
its position: nobody asks that of this simulator.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from tests.simulators.bybit.accounts import Account
from tests.simulators.bybit.calls import Call
from tests.simulators.bybit.errors import wrong
from tests.simulators.bybit.orders import POSITIONS, wire_id
from tests.simulators.bybit.venue import Venue
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain

WAITS = "Untriggered"
OVER = {"orderStatus": "Deactivated"}
_KINDS = {"stopLoss": "StopLoss", "takeProfit": "TakeProfit"}
_SIDES = {index: name for name, index in POSITIONS.items()}


def trading_stop(venue: Venue, call: Call) -> Json:
    """``stopLoss`` and ``takeProfit`` as prices; 0 takes one out, one that is not named stays."""
    told, account = call.parameters, call.account
    symbol, index = call.text("symbol"), int(told.get("positionIdx") or 0)
    venue.market(symbol)
    if call.text("category") != "linear" or call.text("tpslMode") not in ("", "Full"):
        raise wrong("category or tpslMode invalid")
    if index not in _SIDES:
        raise wrong("positionIdx invalid")
    held = account.position(symbol, _SIDES[index]).amount
    if not held:
        raise wrong("can not set tp/sl/ts for zero position")
    for name, kind in _KINDS.items():
        if name in told:
            _set(venue, account, symbol, index, held, kind, _price(call.text(name)))
    return {}


def listed(call: Call) -> list[Json]:
    """Those that wait, or the one that is named, which may be over."""
    number, symbol = call.text("orderId"), call.text("symbol")
    if number or call.text("orderLinkId"):
        return [row for key, row in call.account.exits.items() if key == number]
    rows = (row for row in call.account.exits.values() if row["orderStatus"] == WAITS)
    return [row for row in rows if symbol in ("", row["symbol"])]


def _set(
    venue: Venue, account: Account, symbol: str, index: int, held: Decimal, kind: str,
    price: Decimal,
) -> None:  # fmt: skip
    place = {"symbol": symbol, "positionIdx": index, "stopOrderType": kind, "orderStatus": WAITS}
    there = (row for row in account.exits.values() if place.items() <= row.items())
    row = next(there, None)
    if row is None and not price:
        return
    if row is None:
        number = wire_id(next(venue.order_ids))
        row = account.exits[number] = {"orderId": number, **place}
    row |= _row(venue, held, kind) | ({"triggerPrice": plain(price)} if price else OVER)
    venue.tell_exit(account, row)


def _row(venue: Venue, held: Decimal, kind: str) -> Json:
    long, now = held > 0, str(venue.clock.now())
    return {
        "orderLinkId": "",
        "side": "Sell" if long else "Buy",
        "orderType": "Market",
        "qty": plain(abs(held)),
        "price": "0",
        "cumExecQty": "0",
        "createType": f"CreateBy{kind}",
        "triggerDirection": 2 if long == (kind == "StopLoss") else 1,
        "reduceOnly": True,
        "closeOnTrigger": True,
        "tpslMode": "Full",
        "createdTime": now,
        "updatedTime": now,
    }


def _price(text: str) -> Decimal:
    try:
        price = Decimal(text or "0")
    except InvalidOperation:
        raise wrong("price invalid") from None
    if not price.is_finite() or price < 0:
        raise wrong("price invalid")
    return price
