"""Bills of the trading account: trades and all else that changed its cash."""

from __future__ import annotations

from decimal import Decimal

from tests.simulators.movements import Movement
from tests.simulators.okx.calls import Call
from tests.simulators.okx.orders import FIRST_BILL
from tests.simulators.okx.trading import DAY, page
from tests.simulators.okx.venue import Venue
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain
from tests.simulators.swaps.orders import Trade

_KINDS = {"transfer": "1", "funding": "8", "other": "7"}
_SUB_TYPES = {
    ("transfer", True): "11", ("transfer", False): "12",
    ("funding", True): "174", ("funding", False): "173",
    ("other", True): "9", ("other", False): "9",
}  # fmt: skip
"""By kind, and whether money came: transfer in and out, funding received and paid, interest."""
_PURSES = ("6", "18")  # the funding account, the trading account


def recent(venue: Venue, call: Call) -> list[Json]:
    return _bills(venue, call, 7 * DAY)


def archive(venue: Venue, call: Call) -> list[Json]:
    return _bills(venue, call, 90 * DAY)


def _bills(venue: Venue, call: Call, horizon: int) -> list[Json]:
    """Newest first; ``begin`` and ``end`` in ms, both included."""
    now = venue.clock.now()
    begin = max(int(call.parameters.get("begin", 0)), now - horizon)
    end = int(call.parameters.get("end", now))
    rows = (
        _bill(made, left) for made, left in venue.entries(call.account) if begin <= made.at <= end
    )
    filters = {name: call.parameters.get(name) for name in ("ccy", "type", "subType", "instType")}
    asked = {name: value for name, value in filters.items() if value}
    return page(call, (row for row in rows if asked.items() <= row.items()), "billId")


def _bill(made: Trade | Movement, left: Decimal) -> Json:
    told = _trade(made) if isinstance(made, Trade) else _movement(made)
    return {
        "bal": plain(left),
        "balChg": plain(made.change),
        "billId": str(FIRST_BILL + made.number),
        "ccy": "USDT",
        "from": "",
        "interest": "0",
        "notes": "",
        "posBal": "0",
        "posBalChg": "0",
        "tag": "",
        "to": "",
        "ts": str(made.at),
        **told,
    }


def _trade(trade: Trade) -> Json:
    order = trade.order
    return {
        "clOrdId": order.client_id,
        "execType": "M" if trade.maker else "T",
        "fee": plain(-trade.fee),
        "instId": order.symbol,
        "instType": "SWAP",
        "mgnMode": order.margin_mode,
        "ordId": str(order.order_id),
        "pnl": plain(trade.realised),
        "px": plain(trade.price),
        "subType": "1" if order.side == "buy" else "2",
        "sz": plain(trade.quantity),
        "tradeId": str(trade.trade_id),
        "type": "5" if order.forced else "2",
    }


def _movement(movement: Movement) -> Json:
    came, funding = movement.change > 0, movement.kind == "funding"
    purses = _PURSES if came else _PURSES[::-1]
    moved = dict(zip(("from", "to"), purses, strict=True)) if movement.kind == "transfer" else {}
    return {
        "clOrdId": "",
        "execType": "",
        "fee": "0",
        "instId": movement.symbol,
        "instType": "SWAP" if movement.symbol else "",
        "mgnMode": "cross" if movement.symbol else "",
        "ordId": "",
        "pnl": plain(movement.change) if funding else "0",
        "px": "",
        "subType": _SUB_TYPES[movement.kind, came],
        "sz": plain(abs(movement.change)),
        "tradeId": "",
        "type": _KINDS[movement.kind],
        **moved,
    }
