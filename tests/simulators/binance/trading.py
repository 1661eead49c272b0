"""Order endpoints: place, query, cancel, list; normal and algo orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from tests.simulators.binance import algo as algos
from tests.simulators.binance import engine
from tests.simulators.binance.accounts import Account
from tests.simulators.binance.algo import AlgoOrder
from tests.simulators.binance.calls import Call
from tests.simulators.binance.errors import Refusal, refusal
from tests.simulators.binance.intake import needed, read_order, rules_of, whole
from tests.simulators.binance.orders import OPEN, Order
from tests.simulators.binance.venue import Venue

Json = dict[str, Any]
LARGEST_BATCH = 5
DAY = 86_400_000


def place_order(venue: Venue, call: Call) -> Json:
    return _place(venue, call, call.parameters)


def place_batch(venue: Venue, call: Call) -> list[Any]:
    """Answers in the order of the request; a refused element is its ``{"code","msg"}``."""
    elements = _json_list(call, "batchOrders")
    if not 0 < len(elements) <= LARGEST_BATCH:
        raise refusal(-4082)
    answers: list[Any] = []
    for element in elements:
        try:
            answers.append(_place(venue, call, _as_parameters(element)))
        except Refusal as refused:
            answers.append(refused.body)
    return answers


def _place(venue: Venue, call: Call, parameters: Mapping[str, str]) -> Json:
    return _attempted(venue, call, parameters, "newClientOrderId", _accept)


def _accept(venue: Venue, call: Call, parameters: Mapping[str, str]) -> Json:
    rules = rules_of(parameters, venue.rules)
    new = read_order(parameters, call.account, rules)
    order = engine.place(venue, call.account, new, call.arrival)
    return order.to_wire() if new.full_answer else order.acknowledgement()


def _attempted(
    venue: Venue,
    call: Call,
    parameters: Mapping[str, str],
    name: str,
    accept: Callable[[Venue, Call, Mapping[str, str]], Json],
) -> Json:
    """Runs ``accept`` and writes into the ledger how the attempt ended."""
    outcome = "accepted"
    try:
        if not call.account.may_trade:
            raise refusal(-2015)
        return accept(venue, call, parameters)
    except Refusal as refused:
        outcome = str(refused.code)
        raise
    finally:
        venue.ledger.attempt(
            call.account.name, parameters.get(name, ""), parameters.get("symbol", ""), outcome,
            call.arrival,
        )  # fmt: skip


def _json_list(call: Call, name: str) -> list[Any]:
    try:
        decoded = orjson.loads(needed(call.parameters, name))
    except orjson.JSONDecodeError:
        raise refusal(-1130, name) from None
    if not isinstance(decoded, list):
        raise refusal(-1130, name)
    return decoded


def _as_parameters(element: object) -> dict[str, str]:
    if not isinstance(element, dict):
        raise refusal(-1130, "batchOrders")
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in element.items()
    }


def _find(venue: Venue, account: Account, parameters: Mapping[str, str], code: int) -> Order:
    """By ``orderId`` or ``origClientOrderId``; raises ``code`` when not there or not shown yet."""
    rules_of(parameters, venue.rules)
    if parameters.get("orderId"):
        order = account.orders.get(whole(parameters, "orderId"))
    elif parameters.get("origClientOrderId"):
        order = account.by_client_id.get(parameters["origClientOrderId"])
    else:
        raise Refusal(
            -1102,
            "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
        )
    if order is None or order.symbol != parameters["symbol"]:
        raise refusal(code)
    return order


def query_order(venue: Venue, call: Call) -> Json:
    order = _find(venue, call.account, call.parameters, -2013)
    age = venue.clock.now() - order.created
    unfilled = order.status in ("CANCELED", "EXPIRED") and not order.executed
    if not venue.shown(order) or age > 90 * DAY or (unfilled and age > 3 * DAY):
        raise refusal(-2013)
    return order.queried()


def open_order(venue: Venue, call: Call) -> Json:
    order = _find(venue, call.account, call.parameters, -2013)
    if order.status not in OPEN or not venue.shown(order):
        raise refusal(-2013)
    return order.queried()


def cancel_order(venue: Venue, call: Call) -> Json:
    order = _find(venue, call.account, call.parameters, -2011)
    engine.cancel(venue, order, call.arrival)
    return order.to_wire()


def cancel_batch(venue: Venue, call: Call) -> list[Any]:
    """DELETE batchOrders by ``orderIdList`` or ``origClientOrderIdList``."""
    name = "orderIdList" if call.parameters.get("orderIdList") else "origClientOrderIdList"
    single = "orderId" if name == "orderIdList" else "origClientOrderId"
    answers: list[Any] = []
    for wanted in _json_list(call, name):
        parameters = {"symbol": needed(call.parameters, "symbol"), single: str(wanted)}
        try:
            order = _find(venue, call.account, parameters, -2011)
            engine.cancel(venue, order, call.arrival)
            answers.append(order.to_wire())
        except Refusal as refused:
            answers.append(refused.body)
    return answers


def cancel_all(venue: Venue, call: Call) -> Json:
    symbol = rules_of(call.parameters, venue.rules).symbol
    for order in list(call.account.open_orders.values()):
        if order.symbol == symbol:
            engine.cancel(venue, order, call.arrival)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def _of_symbol(venue: Venue, call: Call, orders: Iterable[Order]) -> list[Json]:
    symbol = call.parameters.get("symbol")
    if symbol:
        venue.market(symbol)
    return [
        order.queried()
        for order in orders
        if (not symbol or order.symbol == symbol) and venue.shown(order)
    ]


def open_orders(venue: Venue, call: Call) -> list[Json]:
    return _of_symbol(venue, call, call.account.open_orders.values())


def all_orders(venue: Venue, call: Call) -> list[Json]:
    """``orderId`` (from it on) or times; at most ``limit`` (500, up to 1,000), newest kept."""
    needed(call.parameters, "symbol")
    first = whole(call.parameters, "orderId", 0)
    start = whole(call.parameters, "startTime", 0)
    end = whole(call.parameters, "endTime", venue.clock.now())
    limit = min(whole(call.parameters, "limit", 500), 1000)
    orders = [
        order
        for order in call.account.orders.values()
        if order.order_id >= first and start <= order.created <= end
    ]
    found = _of_symbol(venue, call, orders)
    return found[:limit] if first or start else found[-limit:]


def place_algo(venue: Venue, call: Call) -> Json:
    return _attempted(venue, call, call.parameters, "clientAlgoId", _accept_algo)


def _accept_algo(venue: Venue, call: Call, parameters: Mapping[str, str]) -> Json:
    wire = algos.place_algo(venue, call.account, parameters, call.arrival).to_wire()
    del wire["actualOrderId"], wire["actualPrice"]
    return wire


def _find_algo(call: Call, code: int) -> AlgoOrder:
    by_id, by_client = call.parameters.get("algoId"), call.parameters.get("clientAlgoId")
    if not by_id and not by_client:
        raise refusal(-1102, "algoId")
    for algo in reversed(call.account.algos.values()):
        if str(algo.order_id) == by_id or (not by_id and algo.client_id == by_client):
            return algo
    raise refusal(code)


def query_algo(venue: Venue, call: Call) -> Json:
    return algos.refresh(venue, _find_algo(call, -2013)).to_wire()


def cancel_algo(venue: Venue, call: Call) -> Json:
    algo = _find_algo(call, -2011)
    algos.cancel_algo(venue, algo, call.arrival)
    return {
        "algoId": algo.order_id,
        "clientAlgoId": algo.client_id,
        "code": "200",
        "msg": "success",
    }


def cancel_all_algos(venue: Venue, call: Call) -> Json:
    symbol = rules_of(call.parameters, venue.rules).symbol
    for algo in call.account.algos.values():
        if algo.symbol == symbol and algo.status == "NEW":
            algos.cancel_algo(venue, algo, call.arrival)
    return {"code": 200, "msg": "The operation of cancel all open order is done."}


def open_algos(venue: Venue, call: Call) -> list[Json]:
    return [algo for algo in all_algos(venue, call) if algo["algoStatus"] == "NEW"]


def all_algos(venue: Venue, call: Call) -> list[Json]:
    symbol = call.parameters.get("symbol")
    return [
        algos.refresh(venue, algo).to_wire()
        for algo in call.account.algos.values()
        if not symbol or algo.symbol == symbol
    ]
