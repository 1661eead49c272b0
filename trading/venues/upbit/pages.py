"""Upbit's orders of one pair, whole, and the fills inside of them.

There is no list of fills: they are told with each order (reference page get-order), without what
each of them cost. Open orders come page by page, ended ones a week at a time (list-closed-orders).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from trading.venues.figures import number

PAGE = 100
MOST = 1_000
WEEK_MS = 7 * 86_400_000
_SIDES = {"bid": "buy", "ask": "sell"}

Row = Mapping[str, Any]


def rows(answer: Any) -> list[Row]:
    """Raises TypeError for what is no list."""
    if not isinstance(answer, list):
        raise TypeError("not a list of rows")
    return list(answer)


async def open_orders(client: Any, pair: str) -> list[Row]:
    found: dict[str, Row] = {}
    page = 1
    while True:
        asked = {"market": pair, "page": str(page), "limit": str(PAGE)}
        got = rows(await client.privateGetOrdersOpen(asked))
        found.update((row["uuid"], row) for row in got)
        if len(got) < PAGE:
            return list(found.values())
        page += 1


async def trades(client: Any, pair: str, since_ms: int) -> list[Row]:
    """In ccxt's shape, oldest first, each once, of orders that are open or were made since then
    (venue milliseconds).

    Raises ValueError for a week of more orders than the venue tells at once. Their times are whole
    seconds, so a fill of the first one counts whole.
    """
    asked_for = since_ms // 1000 * 1000
    orders = {row["uuid"]: row for row in await open_orders(client, pair)}
    begin, now = asked_for, int(client.nonce())
    while begin <= now:
        end = min(begin + WEEK_MS, now)
        asked = {"market": pair, "start_time": str(begin), "end_time": str(end), "limit": str(MOST)}
        ended = rows(await client.privateGetOrdersClosed(asked))
        if len(ended) >= MOST:
            raise ValueError("more orders in a week than are told at once")
        orders.update((row["uuid"], row) for row in ended)
        begin = end + 1
    found = [
        trade
        for row in orders.values()
        if number(row["executed_volume"]) > 0
        for trade in trades_in(await client.privateGetOrder({"uuid": row["uuid"]}))
    ]
    recent = (trade for trade in found if trade["timestamp"] >= asked_for)
    return sorted(recent, key=lambda trade: int(trade["timestamp"]))


def trades_in(order: Row) -> list[Row]:
    """In ccxt's shape. The order's fee is shared out by what each fill moved; the last one has the
    rest.
    """
    told = rows(order["trades"])
    fee, moved = number(order["paid_fee"]), sum((number(t["funds"]) for t in told), Decimal(0))
    made: list[Row] = []
    left = fee
    for place, trade in enumerate(told, start=1):
        part = fee * number(trade["funds"]) / moved if place < len(told) else left
        part = part.quantize(Decimal("1E-8"))
        left -= part
        made.append(
            {
                "id": trade["uuid"],
                "order": order["uuid"],
                "side": _SIDES[order["side"]],
                "amount": trade["volume"],
                "price": trade["price"],
                "fee": {"cost": part, "currency": order["market"].partition("-")[0]},
                "timestamp": int(datetime.fromisoformat(trade["created_at"]).timestamp() * 1000),
            }
        )
    return made
