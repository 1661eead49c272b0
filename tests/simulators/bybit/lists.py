"""Lists in pages: newest first, a cursor leads to what is older."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from urllib.parse import unquote

from tests.simulators.bybit.calls import Call
from tests.simulators.bybit.errors import wrong
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.orders import Order, Trade

Item = TypeVar("Item", Order, Trade)

WEEK = 7 * 86_400_000


def page(call: Call, items: Iterable[Item], *, usual: int, most: int) -> Json:
    """``items`` newest first; the cursor is percent-encoded once, as the venue's are."""
    limit = min(int(call.text("limit") or usual), most)
    cursor = unquote(call.text("cursor")).partition(":")[0]
    older = [item for item in items if not cursor or _number(item) < int(cursor)]
    shown, more = older[:limit], len(older) > limit
    return {
        "category": "linear",
        "list": [item.to_wire() for item in shown],
        "nextPageCursor": f"{_number(shown[-1])}%3A{limit}" if more else "",
    }


def _number(item: Order | Trade) -> int:
    return item.order_id if isinstance(item, Order) else item.trade_id


def span(call: Call, now: int) -> tuple[int, int]:
    """The asked time in ms, both ends included. Raises 10001 for more than seven days."""
    begin, end = call.text("startTime"), call.text("endTime")
    first = int(begin) if begin else (int(end) if end else now) - WEEK
    last = int(end) if end else first + WEEK
    if not 0 <= last - first <= WEEK:
        raise wrong("The time range between startTime and endTime cannot exceed 7 days")
    return first, last
