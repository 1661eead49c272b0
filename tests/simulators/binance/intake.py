"""Reads and checks the parameters of an order before the engine decides about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from tests.simulators.binance.accounts import Account
from tests.simulators.binance.errors import refusal
from tests.simulators.binance.filters import ORDER_TYPES, TIMES_IN_FORCE, SymbolRules
from tests.simulators.binance.orders import NewOrder

Parameters = Mapping[str, str]

_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")


def needed(parameters: Parameters, name: str) -> str:
    """The value of a mandatory parameter. Raises -1102."""
    value = parameters.get(name)
    if not value:
        raise refusal(-1102, name)
    return value


def whole(parameters: Parameters, name: str, default: int | None = None) -> int:
    """An integer parameter; mandatory without a default. Raises -1102 or -1100."""
    value = parameters.get(name)
    if not value:
        if default is None:
            raise refusal(-1102, name)
        return default
    if not value.isdecimal():
        raise refusal(-1100, name)
    return int(value)


def number(parameters: Parameters, name: str) -> Decimal:
    """A mandatory decimal parameter. Raises -1102 or -1100."""
    value = needed(parameters, name)
    if not _NUMBER.fullmatch(value):
        raise refusal(-1100, name)
    return Decimal(value)


def flag(parameters: Parameters, name: str) -> bool:
    """An optional ``true``/``false``. Raises -1130 on anything else."""
    value = parameters.get(name, "false").lower()
    if value not in ("true", "false"):
        raise refusal(-1130, name)
    return value == "true"


def client_id(parameters: Parameters, name: str) -> str:
    """The caller's id, or "" when none was sent. Raises -4015."""
    value = parameters.get(name, "")
    if value and not _CLIENT_ID.fullmatch(value):
        raise refusal(-4015)
    return value


def rules_of(parameters: Parameters, rules: Mapping[str, SymbolRules]) -> SymbolRules:
    """The rules of the mandatory ``symbol``. Raises -1102 or -1121."""
    found = rules.get(needed(parameters, "symbol"))
    if found is None:
        raise refusal(-1121)
    return found


def side_of(parameters: Parameters) -> str:
    side = needed(parameters, "side")
    if side not in ("BUY", "SELL"):
        raise refusal(-1117)
    return side


def position_side(parameters: Parameters, account: Account) -> str:
    """BOTH, LONG or SHORT as the account's mode demands. Raises -4061, -1130 or -1106."""
    value = parameters.get("positionSide", "BOTH")
    if value not in ("BOTH", "LONG", "SHORT"):
        raise refusal(-1130, "positionSide")
    if (value == "BOTH") == account.hedge:
        raise refusal(-4061)
    if account.hedge and "reduceOnly" in parameters:
        raise refusal(-1106, "reduceonly")
    return value


def read_order(parameters: Parameters, account: Account, rules: SymbolRules) -> NewOrder:
    """The order asked for by POST /order or one element of a batch.

    Raises the refusals of malformed parameters and of LOT_SIZE and PRICE_FILTER.
    """
    kind = needed(parameters, "type")
    if kind not in ORDER_TYPES:
        raise refusal(-1116)
    if kind not in ("LIMIT", "MARKET"):
        raise refusal(-4120)
    if parameters.get("priceMatch", "NONE") != "NONE":
        raise refusal(-1130, "priceMatch")
    side = side_of(parameters)
    holding = position_side(parameters, account)
    quantity = number(parameters, "quantity")
    price, in_force = _terms(parameters, kind)
    if rules.status != "TRADING":
        raise refusal(-4141)
    rules.check_quantity(quantity, market=kind == "MARKET")
    if price is not None:
        rules.check_price(price)
    return NewOrder(
        symbol=rules.symbol,
        side=side,
        position_side=holding,
        type=kind,
        quantity=quantity,
        price=price,
        time_in_force=in_force,
        reduce_only=flag(parameters, "reduceOnly"),
        client_id=client_id(parameters, "newClientOrderId"),
        full_answer=parameters.get("newOrderRespType") == "RESULT",
        good_till=whole(parameters, "goodTillDate", 0),
    )


def _terms(parameters: Parameters, kind: str) -> tuple[Decimal | None, str]:
    """Price and time in force: both mandatory for LIMIT, neither allowed for MARKET."""
    if kind == "MARKET":
        for name in ("price", "timeInForce"):
            if parameters.get(name):
                raise refusal(-1106, name)
        return None, "GTC"
    in_force = needed(parameters, "timeInForce")
    if in_force not in TIMES_IN_FORCE:
        raise refusal(-1115)
    return number(parameters, "price"), in_force
