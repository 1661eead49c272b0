"""The last look before a POST: may this process still send the order? No database, no loop.

The request is made, and so signed, with the time of *before* the lease is looked at. Who stalls
after the look sends a request that is too old for the venue's own receive window (ADR 12).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, TypeGuard

from trading.domain.ports import OrderRequest, PositionSide, Side
from trading.execution.transitions import Claimed

SAFETY = 2.0  # seconds of the lease that are not used

_SIDES = {side.value: side for side in Side}
_POSITION_SIDES = {side.value: side for side in PositionSide}


class Held(NamedTuple):
    """An order that is ours until the deadline (monotonic seconds), while its fence holds.

    ``out``: its POST has begun.
    """

    fence: int
    deadline: float
    granted_at: float
    out: bool = False


def departing(
    order: Claimed, held: Held | None, clock: Callable[[], float] = time.monotonic
) -> OrderRequest | None:
    """The order as it is to be sent now; None when it is not ours any more: recalled, taken again
    meanwhile (which may be by this very process, for another attempt), or the lease is over.
    ``clock`` is the deadline's.
    """
    request = _request(order)  # of a time before the lease is looked at, never after
    if not is_ours(held, order) or clock() >= held.deadline:
        return None
    return request


def is_ours(held: Held | None, order: Claimed) -> TypeGuard[Held]:
    """Whether what is held is this very claim of the order."""
    return held is not None and held.fence == order.fence


def _request(order: Claimed) -> OrderRequest:
    """As it will be signed: with the time of now."""
    return OrderRequest(
        client_id=order.client_id,
        symbol=order.symbol,
        side=_SIDES[order.side],
        quantity=order.quantity,
        position_side=_POSITION_SIDES[order.position_side],
        reduce_only=order.reduce_only,
        signed_at_ms=time.time_ns() // 1_000_000,
    )
