"""From a request's JSON to a checked order; what is not a number, or off the steps, is declined."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.simulators.coinbase.accounts import Account
from tests.simulators.coinbase.errors import Declined, refusal
from tests.simulators.coinbase.venue import Venue
from tests.simulators.swaps.instruments import Instrument
from tests.simulators.swaps.orders import ZERO, NewOrder

_KINDS = {
    "market_market_ioc": "market",
    "sor_limit_ioc": "ioc",
    "limit_limit_fok": "fok",
    "limit_limit_gtc": "limit",
}


def read_order(venue: Venue, told: Mapping[str, Any]) -> NewOrder:
    """Of POST orders. Raises INVALID_ARGUMENT, or a reason for the order alone."""
    instrument, client_id = _named(venue, told)
    side = told.get("side")
    if side not in ("BUY", "SELL"):
        raise Declined("INVALID_SIDE")
    configurations = told.get("order_configuration")
    if not isinstance(configurations, Mapping) or len(configurations) != 1:
        raise Declined("UNSUPPORTED_ORDER_CONFIGURATION")
    ((name, terms),) = configurations.items()
    kind = _KINDS.get(name)
    if kind is None or not isinstance(terms, Mapping):
        raise Declined("UNSUPPORTED_ORDER_CONFIGURATION")
    if "quote_size" in terms:
        raise Declined("QUOTE_ORDERS_NOT_ALLOWED_FOR_PRODUCT")
    if terms.get("post_only") is True:
        kind = "post_only"
    return NewOrder(
        instrument=instrument,
        side=side.lower(),
        position_side="net",
        type=kind,
        quantity=_size(instrument, terms.get("base_size")),
        price=None if kind == "market" else _price(instrument, terms.get("limit_price")),
        reduce_only=False,
        client_id=client_id,
    )


def read_close(venue: Venue, account: Account, told: Mapping[str, Any]) -> NewOrder:
    """Of POST close_position: the side follows from what is held, the size may be left out.

    Fields that it does not know are passed over, as grpc-gateway does.
    """
    instrument, client_id = _named(venue, told)
    held = account.position(instrument.symbol, "net").amount
    if not held:
        raise venue.refuse("nothing_to_reduce")
    size = told.get("size")
    return NewOrder(
        instrument=instrument,
        side="sell" if held > 0 else "buy",
        position_side="net",
        type="market",
        quantity=abs(held) if size is None else _size(instrument, str(size)),
        price=None,
        reduce_only=True,
        client_id=client_id,
    )


def _named(venue: Venue, told: Mapping[str, Any]) -> tuple[Instrument, str]:
    client_id = told.get("client_order_id")
    if not isinstance(client_id, str) or not client_id:
        raise refusal("INVALID_ARGUMENT", "client_order_id is required")
    instrument = venue.instruments.get(str(told.get("product_id", "")))
    if instrument is None:
        raise venue.refuse("unknown_instrument")
    if instrument.state != "open":
        raise Declined("INVALID_FCM_TRADING_SESSION")
    return instrument, client_id


def _number(given: Any) -> Decimal:
    try:
        value = Decimal(given) if isinstance(given, str) else ZERO
    except InvalidOperation:
        raise Declined("PREVIEW_NON_NUMERIC_ORDER_SIZE") from None
    return value if value.is_finite() and value > 0 else ZERO


def _size(instrument: Instrument, given: Any) -> Decimal:
    size = _number(given)
    if size % instrument.lot:
        raise Declined("INVALID_SIZE_PRECISION")
    if size < instrument.min_size:
        raise Declined("PREVIEW_INVALID_BASE_SIZE_TOO_SMALL")
    if size > instrument.max_limit:
        raise Declined("PREVIEW_INVALID_BASE_SIZE_TOO_LARGE")
    return size


def _price(instrument: Instrument, given: Any) -> Decimal:
    price = _number(given)
    if not price:
        raise Declined("INVALID_LIMIT_PRICE")
    if price % instrument.tick:
        raise Declined("INVALID_PRICE_PRECISION")
    return price
