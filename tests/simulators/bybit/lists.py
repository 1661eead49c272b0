"""Lists in pages: newest first, a cursor leads to what is older."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar
from urllib.parse import unquote

from tests.simulators.bybit.calls import Call
from tests.simulators.bybit.errors import wrong
from tests.simulators.swaps.calls import Json


class Listed(Protocol):
    """``number`` grows with time."""

    @property
    def number(self) -> int: ...

    def to_wire(self) -> Json: ...


Item = TypeVar("Item", bound=Listed)

WEEK = 7 * 86_400_000


def page(call: Call, items: Iterable[Item], *, usual: int, most: int) -> Json:
    """``items`` newest first; the cursor is percent-encoded once, as the venue's are."""
    limit = min(int(call.text("limit") or usual), most)
    cursor = unquote(call.text("cursor")).partition(":")[0]
    older = [item for item in items if not cursor or item.number < int(cursor)]
    shown, more = older[:limit], len(older) > limit
    return {
        "category": "linear",
        "list": [item.to_wire() for item in shown],
        "nextPageCursor": f"{shown[-1].number}%3A{limit}" if more else "",
    }


def span(call: Call, now: int, usual: int = WEEK) -> tuple[int, int]:
    """The asked time in ms, both ends included; ``usual`` long where an end is not named.

    Raises 10001 for more than seven days.
    """
    begin, end = call.text("startTime"), call.text("endTime")
    first = int(begin) if begin else (int(end) if end else now) - usual
    last = int(end) if end else first + usual
    if not 0 <= last - first <= WEEK:
        raise wrong("The time range between startTime and endTime cannot exceed 7 days")
    return first, last
