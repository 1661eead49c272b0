"""Order endpoints: create, cancel, look at one, lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.simulators.swaps import engine
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.orders import OPEN, Order
from tests.simulators.upbit.accounts import Account
from tests.simulators.upbit.calls import Call
from tests.simulators.upbit.errors import Refusal
from tests.simulators.upbit.intake import read_order
from tests.simulators.upbit.orders import wire_id
from tests.simulators.upbit.venue import Venue

WEEK = 7 * 86_400_000


def create_order(venue: Venue, call: Call) -> Json:
    """Answers before the order is matched: it waits. An identifier is used up by the first request
    that shows it, also by one that is refused.
    """
    account, client_id, outcome = call.account, call.text("identifier"), "accepted"
    try:
        check_rights(account)
        if client_id and client_id in account.identifiers:
            raise venue.refuse("duplicate")
        account.identifiers.add(client_id)
        order = engine.accept(
            venue, account, read_order(venue, account, call.parameters), call.arrival
        )
    except Refusal as refused:
        outcome = refused.name
        raise
    finally:
        venue.ledger.attempt(account.name, client_id, call.text("market"), outcome, call.arrival)
    told = order.to_wire()
    engine.enter(venue, order)
    return told


def check_rights(account: Account) -> None:
    if not account.may_trade:
        raise Refusal("out_of_scope")


def cancel_order(venue: Venue, call: Call) -> Json:
    """Takes note; the order as it was before."""
    check_rights(call.account)
    order = _named(venue, call)
    told = order.to_wire()
    engine.cancel(venue, order, call.arrival)
    return told


def one_order(venue: Venue, call: Call) -> Json:
    order = _named(venue, call)
    if not venue.shown(order):
        raise Refusal("order_not_found")
    trades = [t.to_wire() for t in call.account.trades if t.order is order and venue.shown(t)]
    return order.to_wire() | {"trades": trades, "trades_count": len(trades)}


def _named(venue: Venue, call: Call) -> Order:
    """By ``uuid``, else by ``identifier``."""
    number, account = call.text("uuid"), call.account
    if not number and not call.text("identifier"):
        raise Refusal("validation_error")
    if number:
        found = next((o for o in account.orders.values() if wire_id(o.order_id) == number), None)
    else:
        found = account.by_client_id.get(call.text("identifier"))
    if found is None:
        raise Refusal("order_not_found")
    return found


def open_orders(venue: Venue, call: Call) -> list[Json]:
    """Newest first, ``page`` by page of ``limit`` (100 at most)."""
    limit, page = min(int(call.text("limit") or 100), 100), int(call.text("page") or 1)
    rows = _rows(venue, call, (o for o in call.account.orders.values() if o.state in OPEN))
    return rows[(page - 1) * limit : page * limit]


def closed_orders(venue: Venue, call: Call) -> list[Json]:
    """Newest first, at most ``limit`` (1,000), created from ``start_time`` to ``end_time``: a week
    at most. Without states both are told.
    """
    limit, now = min(int(call.text("limit") or 100), 1_000), venue.clock.now()
    end = _milliseconds(call.text("end_time")) or now
    begin = _milliseconds(call.text("start_time")) or end - WEEK
    if end - begin > WEEK:
        raise Refusal("validation_error")
    ended = (
        order
        for order in call.account.orders.values()
        if order.state not in OPEN and begin <= order.created <= end
    )
    return _rows(venue, call, ended)[:limit]


def _rows(venue: Venue, call: Call, orders: Iterable[Order]) -> list[Json]:
    shown: list[Any] = [
        order.to_wire()
        for order in orders
        if venue.shown(order) and call.text("market") in ("", order.symbol)
    ]
    return list(reversed(shown))


def _milliseconds(told: str) -> int:
    if not told or told.isdecimal():
        return int(told or 0)
    return int(datetime.fromisoformat(told).timestamp() * 1000)
