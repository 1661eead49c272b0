"""What a copy should hold in a symbol, told from what followed signals asked of it. Pure.

The target is in the follower's own decided quantities. An open counts with what filled of it, and
with all of it while its rest is still wanted: what was missed is not made up for later. A close of
everything sets the target to nothing, so that what fills late of an earlier open is too much. A
person's own close takes from what is held alone: it is never bought back.

Source: ../shared/spec/execution.md, "Target positions".
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from trading.domain.ports import Side

ZERO = Decimal(0)


class Ask(StrEnum):
    OPEN = "open"
    PART = "part"  # closes a part of the position
    ALL = "all"


class Asked(NamedTuple):
    """One followed signal. ``quantity`` was decided, ``filled`` by all orders for it: base units.

    ``side`` is that of the position that it opens or closes; None closes either. ``wanted``: the
    rest of an open may still be bought.
    """

    signal_id: int
    ask: Ask
    side: Side | None
    quantity: Decimal = ZERO
    filled: Decimal = ZERO
    wanted: bool = False

    @property
    def rest(self) -> Decimal:
        return max(self.quantity - self.filled, ZERO)

    def concerns(self, held: Decimal) -> bool:
        """Whether it is about a position on that side; nothing held is about any."""
        return not held or self.side is None or (self.side is Side.BUY) == (held > 0)


class Need(NamedTuple):
    """What is to be traded. ``close`` else open; ``quantity`` unsigned base units.

    ``signal_id``: whose rest it is; None for whatever is beyond ``target`` (signed).
    """

    close: bool
    side: Side
    quantity: Decimal
    target: Decimal
    signal_id: int | None


def target_of(held: Decimal, asked: Sequence[Asked]) -> Decimal:
    """Signed base units. ``asked``: in the order of the signals.

    Without a close of everything among them nothing says that what is held is too much.
    """
    closed, since = _since_closed(held, asked)
    target = _sum(since)
    return target if closed or abs(target) > abs(held) else held


def needs_of(held: Decimal, asked: Sequence[Asked]) -> list[Need]:
    """Closes first; never past the target, never more than is held."""
    closed, since = _since_closed(held, asked)
    target = _sum(since)
    needs = [*_beyond(held, target)] if closed else []
    if not needs:
        needs = [*_unfinished(held, since)]
    return needs or [*_missing(held, target, since)]


def _since_closed(held: Decimal, asked: Sequence[Asked]) -> tuple[bool, Sequence[Asked]]:
    """Whether everything was to be closed, and what was asked after the last time."""
    last = max(
        (place for place, each in enumerate(asked) if each.ask is Ask.ALL and each.concerns(held)),
        default=None,
    )
    return (False, asked) if last is None else (True, asked[last + 1 :])


def _sum(asked: Sequence[Asked]) -> Decimal:
    target = ZERO
    for each in asked:
        if each.ask is Ask.OPEN:
            quantity = max(each.quantity, each.filled) if each.wanted else each.filled
            target += quantity if each.side is Side.BUY else -quantity
        elif each.ask is Ask.ALL:
            target = ZERO if each.concerns(target) else target
        elif each.concerns(target):
            target -= min(each.quantity, abs(target)).copy_sign(target)
    return target


def _beyond(held: Decimal, target: Decimal) -> Sequence[Need]:
    """What is held on the wrong side, or more than the target."""
    apart = held * target <= 0
    excess = abs(held) if apart else abs(held) - abs(target)
    if excess <= 0:
        return ()
    return (Need(True, _against(held), excess, target, None),)


def _unfinished(held: Decimal, since: Sequence[Asked]) -> Sequence[Need]:
    """Partial closes of what is held that were not done, the oldest first, one at a time."""
    for each in since:
        if each.ask is Ask.PART and held and each.concerns(held) and each.rest:
            quantity = min(each.rest, abs(held))
            target = held - quantity.copy_sign(held)
            return (Need(True, _against(held), quantity, target, each.signal_id),)
    return ()


def _missing(held: Decimal, target: Decimal, since: Sequence[Asked]) -> Sequence[Need]:
    """Opens whose rest is still wanted, the oldest first; an open the other way waits."""
    for each in since:
        sign = 1 if each.side is Side.BUY else -1
        if each.ask is not Ask.OPEN or not each.wanted or not each.rest or held * sign < 0:
            continue
        room = target * sign - abs(held)
        if (quantity := min(each.rest, room)) > 0:
            return (Need(False, Side.BUY if sign > 0 else Side.SELL, quantity, target,
                         each.signal_id),)  # fmt: skip
    return ()


def _against(held: Decimal) -> Side:
    return Side.SELL if held > 0 else Side.BUY
