"""What comes next for one repair: a copy that holds more than it should closes the rest. Pure.

One order at a time: while any order of the copy in the symbol is not settled nothing is sent, for
what is unclear may have filled. A close is never past the copy's share, nor past what the account
has left of the position.

Source: ../shared/spec/execution.md, "Target positions"; ../shared/facts/fault-matrix.md rows 8, 22.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from mimic.core.money import ceil_to_step, floor_to_step
from trading.domain.orders import OrderStatus
from trading.domain.receipts import Code

ZERO = Decimal(0)
WAIT = timedelta(milliseconds=500)
SLOWEST = timedelta(seconds=60)
HOPELESS = 100  # tries; from then on once an hour
HOURLY = timedelta(hours=1)


class RepairState(StrEnum):
    PLANNED = "planned"
    WORKING = "working"  # its order is out
    FAILED = "failed"  # tried, and tried again later
    DONE = "done"
    NOTHING = "nothing"  # there was nothing to do any more
    RESIDUAL = "residual"  # too little is left to be traded
    GIVEN_UP = "given_up"  # not wanted any more, or a person decided


class Tried(NamedTuple):
    """The newest order of a repair, ended. ``filled``: unsigned base units."""

    status: str
    code: str
    message: str
    filled: Decimal
    price: Decimal | None


class Room(NamedTuple):
    """What may be closed. Unsigned base units.

    ``wanted`` is still to be closed of ``held``, the copy's share; ``position`` is the account's on
    the same side, ``under_way`` what orders of others will take of it. ``most``: None for no limit.
    """

    wanted: Decimal
    held: Decimal
    position: Decimal
    under_way: Decimal
    step: Decimal
    minimum: Decimal
    most: Decimal | None

    @property
    def free(self) -> Decimal:
        return min(self.held, max(self.position - self.under_way, ZERO))


class Verdict(NamedTuple):
    """The repair's next state. ``quantity`` is sent now; ``wait`` None says that it ended."""

    state: RepairState
    code: str = ""
    message: str = ""
    quantity: Decimal = ZERO
    wait: timedelta | None = WAIT


def unsettled() -> Verdict:
    """An order of the copy in the symbol, or a decision about it, is still under way."""
    return Verdict(RepairState.PLANNED, Code.UNRESOLVED_ORDER.value)


def after_failure(tried: Tried | None, tries: int) -> Verdict | None:
    """The venue did not take it, or not all of it: again after 1 s × 2ⁿ, at most a minute, and
    each hour once it has failed for more than an hour: a person has to look.
    """
    if tried is None or tried.status == OrderStatus.FILLED.value:
        return None
    pause = HOURLY if tries >= HOPELESS else pause_after(tries)
    return Verdict(RepairState.FAILED, tried.code, tried.message, wait=pause)


def pause_after(tries: int) -> timedelta:
    """1 s × 2ⁿ from the second try on, at most a minute."""
    return min(timedelta(seconds=2 ** min(max(tries - 1, 0), 10)), SLOWEST)


def traded(
    done: Decimal, price: Decimal | None, filled: Decimal | None, at: Decimal | None
) -> tuple[Decimal, Decimal | None]:
    """What all tries traded, and the average price: ``done`` at ``price``, and ``filled`` at
    ``at``. What nobody told the price of counts as the rest does.
    """
    if not filled:
        return done, price
    total = done + filled
    if at is None or price is None:
        return total, price or at
    return total, (done * price + filled * at) / total


def judge_close(room: Room, *, done: Decimal) -> Verdict:
    """Close, wait for others, or end. ``done``: what earlier tries closed."""
    if room.wanted <= 0 or room.held <= 0:
        return _over(done)
    quantity = close_quantity(room)
    if quantity > 0:
        return Verdict(RepairState.WORKING, quantity=quantity, wait=timedelta(0))
    if room.position <= 0:  # closed by hand: nothing of it is left to be closed
        return _over(done)
    if room.under_way > 0:
        return unsettled()
    return Verdict(RepairState.RESIDUAL, Code.BELOW_MIN_QUANTITY.value, wait=None)


def close_quantity(room: Room) -> Decimal:
    """What is to be sent: whole steps, at least the venue's minimum, or nothing at all.

    Rounded up, for what is left below a step could never be closed, unless that would be past the
    share: what the person holds beside it is not touched.
    """
    wanted = min(room.wanted, room.free)
    quantity = ceil_to_step(wanted, room.step)
    if quantity > room.free:
        quantity = floor_to_step(room.free, room.step)
    if room.most is not None:
        quantity = min(quantity, floor_to_step(room.most, room.step))
    return quantity if quantity >= room.minimum else ZERO


def _over(done: Decimal) -> Verdict:
    if done > 0:
        return Verdict(RepairState.DONE, wait=None)
    return Verdict(RepairState.NOTHING, Code.NOTHING_TO_CLOSE.value, wait=None)
