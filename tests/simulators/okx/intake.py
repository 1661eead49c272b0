"""From a request's JSON to a checked order: parameters, sizes in contracts, the position mode."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.simulators.okx.accounts import Account
from tests.simulators.okx.errors import refusal
from tests.simulators.okx.venue import Venue
from tests.simulators.swaps.instruments import Instrument
from tests.simulators.swaps.orders import NewOrder

TYPES = ("market", "limit", "post_only", "fok", "ioc")
_CLIENT_ID = re.compile(r"[A-Za-z0-9]{1,32}")
_TAG = re.compile(r"[A-Za-z0-9]{0,16}")


def read_order(venue: Venue, account: Account, told: Mapping[str, Any]) -> NewOrder:
    """Raises 50014, 51000, 51001, 51022, 51010, or a refusal of the size."""
    instrument = venue.instruments.get(_text(told, "instId"))
    if instrument is None:
        raise refusal("51001")
    if instrument.state != "live":
        raise refusal("51022")
    if account.level == "1":
        raise refusal("51010")
    kind = _one_of(told, "ordType", TYPES)
    reduce_only = told.get("reduceOnly", False)
    if reduce_only not in (True, False, "true", "false"):
        raise refusal("51000", "reduceOnly")
    return NewOrder(
        instrument=instrument,
        side=_one_of(told, "side", ("buy", "sell")),
        position_side=_position_side(account, told),
        type=kind,
        quantity=_size(instrument, told, kind),
        price=None if kind == "market" else _price(instrument, told),
        reduce_only=reduce_only in (True, "true") and not account.hedge,
        client_id=_matching(told, "clOrdId", _CLIENT_ID),
        margin_mode=_one_of(told, "tdMode", ("cross", "isolated")),
        tag=_matching(told, "tag", _TAG),
    )


def _text(told: Mapping[str, Any], name: str) -> str:
    value = told.get(name)
    if not isinstance(value, str) or not value:
        raise refusal("50014", name)
    return value


def _one_of(told: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> str:
    value = _text(told, name)
    if value not in allowed:
        raise refusal("51000", name)
    return value


def _matching(told: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str:
    """Empty when it was not given."""
    value = told.get(name, "")
    if not isinstance(value, str) or (value and not pattern.fullmatch(value)):
        raise refusal("51000", name)
    return value


def _position_side(account: Account, told: Mapping[str, Any]) -> str:
    side = told.get("posSide") or "net"
    if side not in (("long", "short") if account.hedge else ("net",)):
        raise refusal("51000", "posSide")
    return str(side)


def _number(told: Mapping[str, Any], name: str) -> Decimal:
    try:
        value = Decimal(_text(told, name))
    except InvalidOperation:
        raise refusal("51000", name) from None
    if not value.is_finite() or value <= 0:
        raise refusal("51000", name)
    return value


def _size(instrument: Instrument, told: Mapping[str, Any], kind: str) -> Decimal:
    size = _number(told, "sz")
    if size % instrument.lot:
        raise refusal("51121")
    if size < instrument.min_size:
        raise refusal("51020")
    if kind == "market" and size > instrument.max_market:
        raise refusal("51202")
    if size > instrument.max_limit:
        raise refusal("51101", instrument.max_limit)
    return size


def _price(instrument: Instrument, told: Mapping[str, Any]) -> Decimal:
    """A price off the tick: what the venue says to it is not documented."""
    price = _number(told, "px")
    if price % instrument.tick:
        raise refusal("51000", "px")
    return price
