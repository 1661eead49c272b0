"""Order endpoints: create, close, cancel, list, look at one; fills."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from tests.simulators.coinbase.accounts import Account
from tests.simulators.coinbase.calls import PREFIX, Call
from tests.simulators.coinbase.errors import Declined, Refusal, refusal
from tests.simulators.coinbase.intake import read_close, read_order
from tests.simulators.coinbase.orders import wire_id
from tests.simulators.coinbase.venue import Venue
from tests.simulators.swaps import engine
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.orders import NewOrder, Order

MOST = 1_000
_NONE = "UNKNOWN_FAILURE_REASON"


def create_order(venue: Venue, call: Call) -> Json:
    return _placed(venue, call, lambda: read_order(venue, call.parameters))


def close_position(venue: Venue, call: Call) -> Json:
    return _placed(venue, call, lambda: read_close(venue, call.account, call.parameters))


def _placed(venue: Venue, call: Call, read: Callable[[], NewOrder]) -> Json:
    """An id that was used before is answered with its order, whatever was asked for ("the order
    will not be created and the order corresponding with that ID will be returned instead").
    """
    account, client_id = call.account, call.text("client_order_id")
    known, outcome = account.by_client_id.get(client_id), "accepted"
    try:
        check_rights(account)
        order = known or engine.place(venue, account, read(), call.arrival)
        if known:
            outcome = "known"
    except Declined as declined:
        outcome = declined.reason
        return _declined(call, declined.reason)
    except Refusal as refused:
        outcome = refused.word
        raise
    finally:
        venue.ledger.attempt(
            account.name, client_id, call.text("product_id"), outcome, call.arrival
        )
    return {
        "success": True,
        "failure_reason": _NONE,
        "order_id": wire_id(order.order_id),
        "success_response": {
            "order_id": wire_id(order.order_id),
            "product_id": order.symbol,
            "side": order.side.upper(),
            "client_order_id": order.client_id,
        },
        "order_configuration": call.parameters.get("order_configuration"),
    }


def _declined(call: Call, reason: str) -> Json:
    """The old field stays at its default, the reason stands in one of the two new ones."""
    preview = reason.startswith("PREVIEW_")
    return {
        "success": False,
        "failure_reason": _NONE,
        "order_id": "",
        "error_response": {
            "error": _NONE if preview else reason,
            "message": reason.replace("_", " ").lower(),
            "error_details": "",
            "preview_failure_reason": reason if preview else "UNKNOWN_PREVIEW_FAILURE_REASON",
            "new_order_failure_reason": _NONE if preview else reason,
        },
        "order_configuration": call.parameters.get("order_configuration"),
    }


def check_rights(account: Account) -> None:
    if not account.may_trade:
        raise refusal("PERMISSION_DENIED", "Missing required scopes")


def cancel_orders(venue: Venue, call: Call) -> Json:
    """By the venue's own ids alone; each is answered in its place."""
    check_rights(call.account)
    return {"results": [_cancel(venue, call, number) for number in call.texts("order_ids")]}


def _cancel(venue: Venue, call: Call, number: str) -> Json:
    reason = "UNKNOWN_CANCEL_FAILURE_REASON"
    found = _by_id(call.account, number)
    try:
        if found is None:
            raise venue.refuse("not_open")
        if found.state == "filled":
            raise Declined("ORDER_IS_FULLY_FILLED")
        engine.cancel(venue, found, call.arrival)
    except Declined as declined:
        return {"success": False, "failure_reason": declined.reason, "order_id": number}
    return {"success": True, "failure_reason": reason, "order_id": number}


def _by_id(account: Account, number: str) -> Order | None:
    return next((o for o in account.orders.values() if wire_id(o.order_id) == number), None)


def one_order(venue: Venue, call: Call) -> Json:
    number = call.endpoint.removeprefix(f"GET {PREFIX}/orders/historical/")
    found = _by_id(call.account, number)
    if found is None or not venue.shown(found):
        raise refusal("NOT_FOUND", "order with this orderID was not found")
    return {"order": found.to_wire()}


def list_orders(venue: Venue, call: Call) -> Json:
    """Newest first. OPEN may not stand beside other states, as documented."""
    states = call.texts("order_status")
    if "OPEN" in states and len(states) > 1:
        raise refusal("INVALID_ARGUMENT", "OPEN cannot be combined with other statuses")
    found = (
        order
        for order in reversed(call.account.orders.values())
        if venue.shown(order)
        and (not states or order.to_wire()["status"] in states)
        and _wanted(call, order.symbol)
    )
    rows, cursor = _page(call, found, lambda order: order.order_id)
    return {"orders": rows, "sequence": "0", "has_next": bool(cursor), "cursor": cursor}


def list_fills(venue: Venue, call: Call) -> Json:
    """Newest first; the cursor is empty on the last page."""
    begin = _milliseconds(call.text("start_sequence_timestamp"))
    orders = call.texts("order_ids")
    found = (
        trade
        for trade in reversed(call.account.trades)
        if venue.shown(trade)
        and trade.at >= begin
        and _wanted(call, trade.order.symbol)
        and (not orders or wire_id(trade.order.order_id) in orders)
    )
    rows, cursor = _page(call, found, lambda trade: trade.trade_id)
    return {"fills": rows, "cursor": cursor}


def _milliseconds(told: str) -> int:
    return int(datetime.fromisoformat(told).timestamp() * 1000) if told else 0


def _wanted(call: Call, symbol: str) -> bool:
    asked = call.texts("product_ids", "product_id")
    return not asked or symbol in asked


def _page(call: Call, items: Iterable[Any], number: Callable[[Any], int]) -> tuple[list[Json], str]:
    """At most ``limit`` rows, those older than the cursor, and the next cursor."""
    limit, cursor = min(int(call.text("limit") or 100), MOST), call.text("cursor")
    older = [item for item in items if not cursor or number(item) < int(cursor)]
    more = len(older) > limit
    return [item.to_wire() for item in older[:limit]], str(number(older[limit - 1])) if more else ""
