"""The transaction log of a unified account: trades and all else that changed its wallet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tests.simulators.bybit.calls import Call
from tests.simulators.bybit.errors import wrong
from tests.simulators.bybit.lists import page, span
from tests.simulators.bybit.orders import wire_id
from tests.simulators.bybit.venue import Venue
from tests.simulators.movements import Movement
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain
from tests.simulators.swaps.orders import Trade

DAY = 86_400_000


@dataclass(slots=True, frozen=True)
class Entry:
    """``left`` is what was in the wallet after it."""

    made: Trade | Movement
    left: Decimal

    @property
    def number(self) -> int:
        return self.made.number

    def to_wire(self) -> Json:
        told = _trade(self.made) if isinstance(self.made, Trade) else _movement(self.made)
        symbol = told["symbol"] or "USDT"
        return {
            "id": f"592324_{symbol}_{self.number % 10**12}",
            "transSubType": "",
            "transactionTime": str(self.made.at),
            "currency": "USDT",
            "change": plain(self.made.change),
            "cashBalance": plain(self.left),
            "bonusChange": "",
            "extraFees": "",
            **told,
        }


def transactions(venue: Venue, call: Call) -> Json:
    """Newest first. Raises 10001 for another kind of account and for more than seven days."""
    if call.text("accountType") not in ("", "UNIFIED") or not call.account.unified:
        raise wrong("accountType invalid")
    first, last = span(call, venue.clock.now(), DAY)
    asked = {name: call.text(name) for name in ("currency", "category", "type") if call.text(name)}
    found = (
        Entry(made, left) for made, left in venue.entries(call.account) if first <= made.at <= last
    )
    wanted = (entry for entry in found if asked.items() <= entry.to_wire().items())
    told = page(call, wanted, usual=20, most=50)
    return {"list": told["list"], "nextPageCursor": told["nextPageCursor"]}


def _trade(trade: Trade) -> Json:
    order = trade.order
    return {
        "symbol": order.symbol,
        "category": "linear",
        "side": order.side.capitalize(),
        "type": "LIQUIDATION" if order.forced else "TRADE",
        "qty": plain(trade.quantity),
        "size": plain(order.account.position(order.symbol, order.position_side).amount),
        "tradePrice": plain(trade.price),
        "funding": "",
        "fee": plain(trade.fee),
        "cashFlow": plain(trade.realised),
        "feeRate": plain(trade.fee / (trade.price * trade.quantity)),
        "tradeId": wire_id(trade.trade_id),
        "orderId": wire_id(order.order_id),
        "orderLinkId": order.client_id,
    }


def _movement(movement: Movement) -> Json:
    """A transfer is no product's; funding is told apart from cash flow."""
    amount, funding = plain(movement.change), movement.kind == "funding"
    kind = "TRANSFER_IN" if movement.change > 0 else "TRANSFER_OUT"
    if movement.kind != "transfer":
        kind = "SETTLEMENT" if funding else "FEE_REFUND"
    return {
        "symbol": movement.symbol,
        "category": "linear" if funding else "",
        "side": "Buy" if funding else "None",
        "type": kind,
        "qty": "0",
        "size": "0",
        "tradePrice": "",
        "funding": amount if funding else "",
        "fee": "0",
        "cashFlow": "0" if funding else amount,
        "feeRate": "",
        "tradeId": "",
        "orderId": "",
        "orderLinkId": "",
    }
