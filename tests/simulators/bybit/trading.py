"""Order endpoints: create, cancel, open and recent orders, history, executions."""

from __future__ import annotations

from collections.abc import Iterator

from tests.simulators.bybit.accounts import Account
from tests.simulators.bybit.calls import Call
from tests.simulators.bybit.errors import Refusal, refusal, wrong
from tests.simulators.bybit.exits import listed
from tests.simulators.bybit.intake import read_order
from tests.simulators.bybit.lists import WEEK, page, span
from tests.simulators.bybit.orders import wire_id
from tests.simulators.bybit.venue import Venue
from tests.simulators.swaps import engine
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.orders import OPEN, Order

RECENT = 500
DAY = 86_400_000


def create_order(venue: Venue, call: Call) -> Json:
    """Acknowledges; what becomes of the order is another matter. The ledger notes the attempt."""
    account, client_id = call.account, call.text("orderLinkId")
    outcome = "accepted"
    try:
        check_rights(account)
        order = engine.accept(
            venue, account, read_order(venue, account, call.parameters), call.arrival
        )
        venue.acknowledge(order)
    except Refusal as refused:
        outcome = str(refused.code)
        raise
    finally:
        venue.ledger.attempt(account.name, client_id, call.text("symbol"), outcome, call.arrival)
    return {"orderId": wire_id(order.order_id), "orderLinkId": client_id}


def check_rights(account: Account) -> None:
    if account.read_only or not account.may_trade:
        raise refusal(10005)


def cancel_order(venue: Venue, call: Call) -> Json:
    check_rights(call.account)
    order = next(_named(call), None)
    if order is None or order.symbol != call.text("symbol"):
        raise refusal(110001)
    venue.take_out(order, call.arrival)
    return {"orderId": wire_id(order.order_id), "orderLinkId": order.client_id}


def _named(call: Call) -> Iterator[Order]:
    """The orders of one id, newest first; the venue's id comes before the client's."""
    number, client_id = call.text("orderId"), call.text("orderLinkId")
    for order in reversed(call.account.orders.values()):
        if wire_id(order.order_id) == number if number else client_id == order.client_id != "":
            yield order


def _wanted(call: Call, orders: Iterator[Order]) -> Iterator[Order]:
    """Narrowed to what the query names. An id makes everything else irrelevant."""
    if call.text("category") != "linear":
        raise wrong("category invalid")
    if call.text("orderId") or call.text("orderLinkId"):
        named = set(map(id, _named(call)))
        return (order for order in orders if id(order) in named)
    symbol = call.text("symbol")
    return (order for order in orders if symbol in ("", order.symbol))


def open_orders(venue: Venue, call: Call) -> Json:
    """Open ones; by an id, or with ``openOnly=1``, also the last that have ended."""
    named = any(call.text(name) for name in ("orderId", "orderLinkId"))
    if call.text("orderFilter") == "StopOrder":
        return {"category": "linear", "list": listed(call), "nextPageCursor": ""}
    if not named and not (call.text("symbol") or call.text("settleCoin") or call.text("baseCoin")):
        raise wrong("symbol, settleCoin or baseCoin is required")
    account = call.account
    orders = list(reversed(account.open_orders.values()))
    if venue.ways.keeps_ended and (named or call.text("openOnly") == "1"):
        ended = [o for o in reversed(account.orders.values()) if o.state not in OPEN][:RECENT]
        orders = sorted([*orders, *ended], key=lambda order: -order.order_id) if named else ended
    found = _page_of_orders(venue, call, iter(orders))
    return found if call.text("cursor") else found | {"list": [*listed(call), *found["list"]]}


def order_history(venue: Venue, call: Call) -> Json:
    """What has ended in the last week; what ended without a fill for a day only."""
    now = venue.clock.now()
    ended = (
        order
        for order in reversed(call.account.orders.values())
        if order.state not in OPEN and now - order.updated <= (WEEK if order.executed else DAY)
    )
    return _page_of_orders(venue, call, ended)


def _page_of_orders(venue: Venue, call: Call, orders: Iterator[Order]) -> Json:
    shown = (order for order in _wanted(call, orders) if venue.shown(order))
    return page(call, shown, usual=20, most=50)


def executions(venue: Venue, call: Call) -> Json:
    if call.text("category") != "linear":
        raise wrong("category invalid")
    first, last = span(call, venue.clock.now())
    named = set(map(id, _named(call))) if call.text("orderId") or call.text("orderLinkId") else None
    found = (
        trade
        for trade in reversed(call.account.trades)
        if first <= trade.at <= last and venue.shown(trade)
        if call.text("execType") in ("", "BustTrade" if trade.order.forced else "Trade")
        if (id(trade.order) in named if named is not None else True)
        if named is not None or call.text("symbol") in ("", trade.order.symbol)
    )
    return page(call, found, usual=50, most=100)
