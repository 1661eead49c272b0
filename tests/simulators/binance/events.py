"""User data stream messages (wire-facts §1.7)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.simulators.binance.accounts import Account, Position
from tests.simulators.binance.orders import ZERO, Order, Trade, plain

Json = dict[str, Any]


def order_update(order: Order, execution: str, now: int, trade: Trade | None = None) -> Json:
    """ORDER_TRADE_UPDATE; ``execution`` is NEW, TRADE, CANCELED or EXPIRED."""
    body: Json = {
        "s": order.symbol,
        "c": order.client_id,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": plain(order.quantity),
        "p": plain(order.price) if order.price is not None else "0",
        "ap": plain(order.average),
        "sp": "0",
        "x": execution,
        "X": order.status,
        "i": order.order_id,
        "l": plain(trade.quantity) if trade else "0",
        "z": plain(order.executed),
        "L": plain(trade.price) if trade else "0",
        "T": now,
        "t": trade.trade_id if trade else 0,
        "b": "0",
        "a": "0",
        "m": trade.maker if trade else False,
        "R": order.reduce_only,
        "wt": "CONTRACT_PRICE",
        "ot": order.type,
        "ps": order.position_side,
        "cp": order.close_position,
        "rp": plain(trade.realised) if trade else "0",
        "V": "EXPIRE_MAKER",
        "pm": "NONE",
        "gtd": order.good_till,
        "er": str(order.expiry_reason),
    }
    if trade:
        body |= {"N": "USDT", "n": plain(trade.fee)}
    return {"e": "ORDER_TRADE_UPDATE", "E": now, "T": now, "o": body}


def account_update(
    account: Account,
    position: Position | None,
    mark: Decimal,
    now: int,
    reason: str = "ORDER",
    change: Decimal = ZERO,
) -> Json:
    """ACCOUNT_UPDATE with the wallet and, when one changed, the position; ``change`` is what came
    to the wallet apart from profits and fees."""
    wallet = plain(account.wallet)
    changed = []
    if position is not None:
        changed = [
            {
                "s": position.symbol,
                "pa": plain(position.amount),
                "ep": plain(position.entry),
                "bep": plain(position.entry),
                "cr": plain(position.realised),
                "up": plain((mark - position.entry) * position.amount),
                "mt": "isolated" if position.symbol in account.isolated else "cross",
                "iw": "0",
                "ps": position.side,
            }
        ]
    balances = [{"a": "USDT", "wb": wallet, "cw": wallet, "bc": plain(change)}]
    return {
        "e": "ACCOUNT_UPDATE",
        "E": now,
        "T": now,
        "a": {"m": reason, "B": balances, "P": changed},
    }


def trade_lite(trade: Trade, now: int) -> Json:
    """TRADE_LITE: the same fill once more with fewer fields."""
    order = trade.order
    return {
        "e": "TRADE_LITE",
        "E": now,
        "T": trade.at,
        "s": order.symbol,
        "q": plain(order.quantity),
        "p": plain(order.price) if order.price is not None else "0",
        "m": trade.maker,
        "c": order.client_id,
        "S": order.side,
        "L": plain(trade.price),
        "l": plain(trade.quantity),
        "t": trade.trade_id,
        "i": order.order_id,
    }


def leverage_update(symbol: str, leverage: int, now: int) -> Json:
    """ACCOUNT_CONFIG_UPDATE of one symbol; the position mode is told by no event."""
    told = {"s": symbol, "l": leverage}
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": now, "T": now, "ac": told}
