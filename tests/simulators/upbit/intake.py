"""From a request's JSON to a checked order.

A buy at market is told by its cost and never by a volume; what a cost buys is reckoned at the best
price here. A sell takes no more than is held and not waiting in other orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any

from tests.simulators.swaps.instruments import Instrument
from tests.simulators.swaps.orders import ZERO, NewOrder
from tests.simulators.upbit import catalogue
from tests.simulators.upbit.accounts import Account
from tests.simulators.upbit.errors import Refusal
from tests.simulators.upbit.venue import Venue

LEAST = Decimal(5_000)  # won
_SIDES = {"bid": "buy", "ask": "sell"}
_GIVEN = {
    ("limit", "bid"): (True, True),
    ("limit", "ask"): (True, True),
    ("price", "bid"): (True, False),
    ("market", "ask"): (False, True),
}
"""Whether price and volume belong to a kind of order; ``best`` is not simulated."""
_KINDS = {"": "limit", "ioc": "ioc", "fok": "fok", "post_only": "post_only"}


def read_order(venue: Venue, account: Account, told: Mapping[str, Any]) -> NewOrder:
    """Raises validation_error, create_*_error, invalid_price_*, under_min_total_*, or
    insufficient_funds_ask.
    """
    instrument, side = venue.instruments.get(str(told.get("market", ""))), str(told.get("side", ""))
    if instrument is None or side not in _SIDES:
        raise Refusal("validation_error")
    kind, life = str(told.get("ord_type", "")), str(told.get("time_in_force") or "")
    price, volume = _number(told, "price"), _number(told, "volume")
    given = (bool(price), bool(volume))
    if given != _GIVEN.get((kind, side)) or life not in (_KINDS if kind == "limit" else ("",)):
        raise Refusal(f"create_{side}_error")
    if kind == "limit" and price % catalogue.tick(price):
        raise Refusal(f"invalid_price_{side}")
    best = venue.markets[instrument.symbol].best(_SIDES[side].upper()) or ZERO
    if kind == "price":
        volume = (price / best).quantize(catalogue.STEP, ROUND_DOWN) if best else ZERO
    if (price if kind == "price" else volume * (price or best)) < LEAST:
        raise Refusal(f"under_min_total_{side}")
    _check_coins(account, instrument, side, volume)
    return NewOrder(
        instrument=instrument,
        side=_SIDES[side],
        position_side="net",
        type=_KINDS[life] if kind == "limit" else "market",
        quantity=volume,
        price=price if kind == "limit" else None,
        reduce_only=side == "ask",
        client_id=str(told.get("identifier") or ""),
        tag=kind,
    )


def _check_coins(account: Account, instrument: Instrument, side: str, volume: Decimal) -> None:
    symbol = instrument.symbol
    if side == "ask" and volume > account.coins(symbol) - account.locked(symbol):
        raise Refusal("insufficient_funds_ask")


def _number(told: Mapping[str, Any], name: str) -> Decimal:
    """0 when it was not given. More than eight decimals are refused."""
    given = told.get(name)
    if given is None:
        return ZERO
    try:
        value = Decimal(str(given))
    except InvalidOperation:
        raise Refusal("validation_error") from None
    if not value.is_finite() or value <= 0 or value % catalogue.STEP:
        raise Refusal("validation_error")
    return value
