"""What comes next for one leg of a flatten. Pure: everything it needs is in the leg as read.

A leg closes what the copy holds and the account still has, by one order at a time: while any order
of that copy on that symbol is not settled, closing more could close what is not the copy's.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from trading.domain.orders import OrderStatus
from trading.domain.receipts import Code
from trading.domain.repairs import Room, close_quantity, pause_after, traded
from trading.models import LegState

ZERO = Decimal(0)
LIFTED = "kill_switch.lifted"
WAIT = timedelta(milliseconds=500)

Closing = defaultdict[tuple[int, str, str], Decimal]
"""By account, symbol and position side: what orders under way will close of the position."""


class Leg(NamedTuple):
    """A leg with the books it is judged by, as one statement reads them.

    ``held`` is the copy's share, ``position`` the account's on the same side, both signed base
    units; ``under_way`` what reduce-only orders of anybody will still take of it. ``order_*`` is
    the leg's own newest order, ended; None when it has none since the last judgement. ``busy``
    says that an order of this copy on this symbol is not settled. ``next_intent`` is the account's
    first free number for an order of this switch.
    """

    id: int
    switch_id: int
    subscription_id: int
    account_id: int
    route: str
    symbol: str
    tries: int
    closed: Decimal
    price: Decimal | None
    in_force: bool
    held: Decimal
    position: Decimal
    position_side: str
    under_way: Decimal
    step: Decimal
    most: Decimal | None
    order_status: str | None
    order_code: str | None
    order_message: str | None
    order_filled: Decimal | None
    order_price: Decimal | None
    busy: bool
    next_intent: int


class Verdict(NamedTuple):
    """The leg's next state. ``quantity`` is to be closed now; ``wait`` None says that it ended."""

    state: LegState
    closed: Decimal
    price: Decimal | None
    tries: int
    code: str = ""
    message: str = ""
    quantity: Decimal = ZERO
    wait: timedelta | None = WAIT


def judge(leg: Leg, closing: Closing) -> Verdict:
    """Close, wait, try again later, or end. Adds what it closes to ``closing``."""
    closed, price = traded(leg.closed, leg.price, leg.order_filled, leg.order_price)
    so_far = Verdict(LegState.PLANNED, closed, price, leg.tries)
    if leg.busy:
        return so_far._replace(code=Code.UNRESOLVED_ORDER.value)
    if not leg.in_force:
        over = closed > 0 and leg.held == 0
        state, code = (LegState.DONE, "") if over else (LegState.FAILED, LIFTED)
        return so_far._replace(state=state, code=code, wait=None)
    if leg.order_status not in (None, OrderStatus.FILLED.value):
        return _failed(leg, so_far)
    key = (leg.account_id, leg.symbol, leg.position_side)
    under_way = leg.under_way + closing[key]
    quantity = close_quantity(
        Room(abs(leg.held), abs(leg.held), abs(leg.position), under_way, leg.step, ZERO, leg.most)
    )
    if quantity > 0:
        closing[key] += quantity
        # Looked at again as soon as its order is settled: see the rows' own condition.
        return so_far._replace(
            state=LegState.CLOSING, tries=leg.tries + 1, quantity=quantity, wait=timedelta(0)
        )
    dust = leg.held != 0 and leg.position != 0
    if dust and under_way:  # others are closing it: their orders may yet fail
        return so_far._replace(code=Code.UNRESOLVED_ORDER.value)
    code = (
        Code.BELOW_MIN_QUANTITY.value if dust else ("" if closed else Code.NOTHING_TO_CLOSE.value)
    )
    state = LegState.DONE if closed else LegState.NOTHING
    return so_far._replace(state=state, code=code, wait=None)


def _failed(leg: Leg, so_far: Verdict) -> Verdict:
    """The venue did not take it, or not all of it: again after a pause."""
    return so_far._replace(
        state=LegState.FAILED,
        code=leg.order_code or "",
        message=leg.order_message or "",
        wait=pause_after(leg.tries),
    )
