"""Caps on an open, in the order of ../shared/spec/execution.md. Each is one line of the receipt.

Position and exposure are initial margin ÷ allocated equity; a cap that leaves nothing ends the
copy with its code. The strictest in force is what :mod:`trading.domain.limits` resolved.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from trading.domain.limits import Limits, Source
from trading.domain.receipts import Code, Step, StepName
from trading.domain.sizing import HUNDRED

ZERO = Decimal(0)


class Room(NamedTuple):
    """What an open may still use. Quantities in base units, money in quote currency.

    ``held`` and its margin are this subscription's in the symbol, ``used_margin`` its margin in
    all symbols, each with what is on its way; ``free_margin`` is the account's.
    """

    equity: Decimal
    price: Decimal
    leverage: int
    stop_loss_pct: Decimal | None
    held: Decimal
    held_margin: Decimal
    used_margin: Decimal
    free_margin: Decimal
    max_quantity: Decimal


class Cap(NamedTuple):
    """``limit`` is the quantity that it allows; ``empty``: why nothing is left."""

    name: StepName
    limit: Decimal
    source: Source
    empty: Code


class CapReached(Exception):
    """A cap left nothing; ``steps`` end with it."""

    def __init__(self, code: Code, steps: list[Step]) -> None:
        super().__init__(code.value)
        self.code, self.steps = code, steps


def capped(quantity: Decimal, room: Room, limits: Limits) -> list[Step]:
    """One step a cap, the last one's ``after`` is what is left. Raises :class:`CapReached`."""
    steps: list[Step] = []
    for cap in _caps(room, limits):
        limit = cap.limit if cap.limit > 0 else ZERO
        left = min(quantity, limit)
        steps.append(Step(cap.name, quantity, left, limit, source=cap.source))
        if limit == 0:
            raise CapReached(cap.empty, steps)
        quantity = left
    return steps


def _caps(room: Room, limits: Limits) -> Iterator[Cap]:
    unit = room.price / room.leverage  # initial margin of one base unit
    (position, exposure, risk, _, notional, *_), own = limits.sources, room.equity / HUNDRED
    left = own * limits.max_position_pct - room.held_margin
    yield Cap(StepName.MAX_POSITION, left / unit, position, Code.POSITION_CAP)
    left = own * limits.max_exposure_pct - room.used_margin
    yield Cap(StepName.EXPOSURE, left / unit, exposure, Code.EXPOSURE_CAP)
    if room.stop_loss_pct:
        loss = room.price * room.stop_loss_pct / HUNDRED  # of one base unit, at its stop
        allowed = own * limits.max_risk_pct / loss
        yield Cap(StepName.TRADE_RISK, allowed, risk, Code.POSITION_CAP)
    left = room.equity * limits.max_notional - abs(room.held) * room.price
    yield Cap(StepName.NOTIONAL_CAP, left / room.price, notional, Code.POSITION_CAP)
    yield Cap(StepName.FREE_MARGIN, room.free_margin / unit, Source.ACCOUNT, Code.NO_FREE_MARGIN)
    yield Cap(StepName.MAX_QUANTITY, room.max_quantity, Source.VENUE, Code.POSITION_CAP)
