"""From a request's JSON to a checked order: parameters, sizes, the position mode."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.simulators.bybit.accounts import Account
from tests.simulators.bybit.catalogue import Instrument
from tests.simulators.bybit.errors import UNKNOWN_SYMBOL, refusal, wrong
from tests.simulators.bybit.venue import Venue
from tests.simulators.swaps.orders import ZERO, NewOrder

_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{0,36}")
_KINDS = {
    ("Limit", ""): "limit",
    ("Limit", "GTC"): "limit",
    ("Limit", "PostOnly"): "post_only",
    ("Limit", "FOK"): "fok",
    ("Limit", "IOC"): "ioc",
}
_SIDES = {"Buy": "buy", "Sell": "sell"}
_POSITIONS = {0: "net", 1: "long", 2: "short"}
_CONDITIONS = ("triggerPrice", "takeProfit", "stopLoss")
_ENGINE_SCALE = 100_000_000
_MOST_OPEN = 500


def read_order(venue: Venue, account: Account, told: Mapping[str, Any]) -> NewOrder:
    """Raises 10001, 110074, 110020, 110094, or a refusal of the size."""
    if told.get("category") != "linear":
        raise wrong("category invalid")
    instrument = venue.instruments.get(str(told.get("symbol", "")))
    if not isinstance(instrument, Instrument):
        raise wrong(UNKNOWN_SYMBOL)
    if instrument.state != "Trading":
        raise refusal(110074)
    if any(told.get(name) for name in _CONDITIONS):
        raise wrong("conditional orders are not simulated")
    if sum(o.symbol == instrument.symbol for o in account.open_orders.values()) >= _MOST_OPEN:
        raise refusal(110020)
    kind, reduces = _kind(told), told.get("reduceOnly", False) is True
    order = NewOrder(
        instrument=instrument,
        side=_known(told, "side", _SIDES),
        position_side=_position_side(account, told),
        type=kind,
        quantity=ZERO,
        price=None if kind == "market" else _price(instrument, told),
        reduce_only=reduces,
        client_id=_client_id(told),
    )
    order.quantity = _quantity(account, instrument, told, order)
    least = order.quantity * (order.price or venue.markets[order.symbol].mark)
    if not reduces and least < instrument.min_notional:
        raise refusal(110094)
    return order


def _known(told: Mapping[str, Any], name: str, words: Mapping[str, str]) -> str:
    value = told.get(name)
    if value not in words:
        raise wrong(f"{name} invalid")
    return words[str(value)]


def _kind(told: Mapping[str, Any]) -> str:
    """A market order is an IOC one whatever it says."""
    kind, life = told.get("orderType"), str(told.get("timeInForce") or "")
    if kind == "Market":
        return "market"
    if kind != "Limit" or (kind, life) not in _KINDS:
        raise wrong("orderType or timeInForce invalid")
    return _KINDS[kind, life]


def _client_id(told: Mapping[str, Any]) -> str:
    value = told.get("orderLinkId") or ""
    if not isinstance(value, str) or not _CLIENT_ID.fullmatch(value):
        raise wrong("orderLinkId invalid")
    return value


def _position_side(account: Account, told: Mapping[str, Any]) -> str:
    side = _POSITIONS.get(told.get("positionIdx") or 0, "")
    if side not in (("long", "short") if account.hedge else ("net",)):
        raise wrong("position idx not match position mode")
    return side


def _number(told: Mapping[str, Any], name: str) -> Decimal:
    given = told.get(name)
    try:
        value = Decimal(given) if isinstance(given, str) else ZERO
    except InvalidOperation:
        raise wrong(f"{name} invalid") from None
    if not value.is_finite() or value < 0:
        raise wrong(f"{name} invalid")
    return value


def _price(instrument: Instrument, told: Mapping[str, Any]) -> Decimal:
    price = _number(told, "price")
    if not price or price % instrument.tick:
        raise wrong("price invalid")
    return price


def _quantity(
    account: Account, instrument: Instrument, told: Mapping[str, Any], order: NewOrder
) -> Decimal:
    """Nothing, said with ``reduceOnly`` and ``closeOnTrigger``, means the whole position.

    A reducing order above the largest size is split by the venue, so it is not refused.
    """
    size = _number(told, "qty")
    if not size and order.reduce_only and told.get("closeOnTrigger") is True:
        return abs(account.position(order.symbol, order.position_side).amount)
    if size < instrument.min_size:
        raise wrong("The number of contracts exceeds minimum limit allowed")
    if size % instrument.lot:
        raise wrong("Qty invalid")
    most = instrument.max_market if order.type == "market" else instrument.max_limit
    if size > most and not order.reduce_only:
        figures = (int(number * _ENGINE_SCALE) for number in (size, most))
        text = "The number of contracts exceeds maximum limit allowed: too large, "
        raise wrong(text + "order_qty:{} > max_qty:{}".format(*figures))
    return size
