"""Order endpoints: place one or several, query, cancel, list; fills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tests.simulators.okx.accounts import Account
from tests.simulators.okx.calls import Call, Envelope
from tests.simulators.okx.errors import Refusal, refusal
from tests.simulators.okx.intake import read_order
from tests.simulators.okx.limits import ORDERS_OF_AN_ACCOUNT
from tests.simulators.okx.venue import Venue
from tests.simulators.swaps import engine
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.orders import Order

LARGEST_BATCH = 20
PAGE = 100
DAY = 86_400_000


def place_orders(venue: Venue, call: Call) -> Envelope:
    """One object or a list of them; answers in the order of the request."""
    if len(call.items) > LARGEST_BATCH:
        raise refusal("51111")
    return _summed([_attempt(venue, call, item) for item in call.items])


def _attempt(venue: Venue, call: Call, item: Json) -> Json:
    """Places one order and writes into the ledger how the attempt ended."""
    account, client_id = call.account, str(item.get("clOrdId", ""))
    told = {"clOrdId": client_id, "ordId": "", "tag": str(item.get("tag", ""))}
    outcome, message = "0", ""
    try:
        if not account.may_trade:
            raise refusal("50120")
        key, now = (account.api_key, "orders"), venue.clock.now()
        venue.limits.charge(key, ORDERS_OF_AN_ACCOUNT, now, code="50061")
        order = engine.place(venue, account, read_order(venue, account, item), call.arrival)
        told["ordId"] = str(order.order_id)
    except Refusal as refused:
        outcome, message = refused.code, refused.message
    venue.ledger.attempt(
        account.name, client_id, str(item.get("instId", "")),
        "accepted" if outcome == "0" else outcome, call.arrival,
    )  # fmt: skip
    return told | {"sCode": outcome, "sMsg": message, "subCode": "", "ts": str(venue.clock.now())}


def _summed(items: Sequence[Json]) -> Envelope:
    failed = sum(item["sCode"] != "0" for item in items)
    if not failed:
        return Envelope("0", "", list(items))
    if failed == len(items):
        return Envelope("1", "All operations failed", list(items))
    return Envelope("2", "Bulk operation partially succeeded.", list(items))


def _find(account: Account, told: Json) -> Order | None:
    """By ``ordId`` or ``clOrdId``, in the instrument that was named."""
    if told.get("ordId"):
        number = str(told["ordId"])
        order = account.orders.get(int(number)) if number.isdecimal() else None
    elif told.get("clOrdId"):
        order = account.by_client_id.get(str(told["clOrdId"]))
    else:
        raise refusal("51003")
    return order if order is not None and order.symbol == told.get("instId") else None


def query_order(venue: Venue, call: Call) -> list[Json]:
    """A cancelled order without a fill is forgotten after two hours, as documented."""
    venue.market(call.parameters.get("instId", ""))
    order = _find(call.account, call.parameters)
    if order is None or not venue.shown(order):
        raise refusal("51603")
    idle = order.state == "cancelled" and not order.executed
    if idle and venue.clock.now() - order.updated > 2 * 3_600_000:
        raise refusal("51603")
    return [order.to_wire()]


def cancel_orders(venue: Venue, call: Call) -> Envelope:
    return _summed([_cancel(venue, call, item) for item in call.items])


def _cancel(venue: Venue, call: Call, item: Json) -> Json:
    told = {"clOrdId": str(item.get("clOrdId", "")), "ordId": str(item.get("ordId", ""))}
    code, message = "0", ""
    try:
        order = _find(call.account, item)
        if order is None:
            raise refusal("51400")
        told = {"clOrdId": order.client_id, "ordId": str(order.order_id)}
        engine.cancel(venue, order, call.arrival)
    except Refusal as refused:
        code, message = refused.code, refused.message
    return told | {"sCode": code, "sMsg": message, "ts": str(venue.clock.now())}


def open_orders(venue: Venue, call: Call) -> list[Json]:
    wanted = (
        order.to_wire()
        for order in reversed(call.account.open_orders.values())
        if venue.shown(order) and _wanted(call, order)
    )
    return page(call, wanted, "ordId")


def recent_fills(venue: Venue, call: Call) -> list[Json]:
    return _fills(venue, call, 3 * DAY)


def fills_history(venue: Venue, call: Call) -> list[Json]:
    if call.parameters.get("instType") != "SWAP":
        raise refusal("51000", "instType")
    return _fills(venue, call, 90 * DAY)


def _fills(venue: Venue, call: Call, horizon: int) -> list[Json]:
    """Newest first; ``begin`` and ``end`` in ms, both included."""
    now = venue.clock.now()
    begin = max(int(call.parameters.get("begin", 0)), now - horizon)
    end = int(call.parameters.get("end", now))
    found = (
        trade.to_wire()
        for trade in reversed(call.account.trades)
        if begin <= trade.at <= end and venue.shown(trade) and _wanted(call, trade.order)
    )
    return page(call, found, "billId")


def _wanted(call: Call, order: Order) -> bool:
    named = {"instId": order.symbol, "ordId": str(order.order_id), "instType": "SWAP"}
    return all(call.parameters.get(name) in (None, "", value) for name, value in named.items())


def page(call: Call, rows: Iterable[Json], key: str) -> list[Json]:
    """At most ``limit`` (100) rows, those older than ``after``."""
    limit = min(int(call.parameters.get("limit", PAGE)), PAGE)
    after: Any = call.parameters.get("after")
    older = [row for row in rows if not after or int(row[key]) < int(after)]
    return older[:limit]
