"""What a master's trades did to its position, and what of it is mirrored. Pure; reads no clock.

Source: ../shared/spec/execution.md, "Master accounts". Quantities are base units; positions are
signed, short below zero.

What is copied is position change: the part of a move that goes against the position closes so many
percent of it, the rest opens. A close is mirrored whatever else is in the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import NamedTuple

from trading.domain.ledger import Place, place
from trading.domain.ports import PositionSide, Side
from trading.domain.sizing import HUNDRED

JOIN = timedelta(milliseconds=300)
MAX_AGE = timedelta(seconds=60)  # of an open, as of any signal
FOUND = "found"
"""How ids of trades begin that nobody saw: the venue's list showed what they left."""
_STEP = Decimal("0.0001")  # what a percentage is kept to
_ZERO = Decimal(0)


class Why(StrEnum):
    """Why a move, or what it opens, was not mirrored."""

    BEFORE = "master.before"
    OURS = "master.ours"
    NO_COPY = "master.no_copy"
    SYMBOL = "master.symbol"
    UNEXPLAINED = "master.unexplained"
    PAUSED = "master.paused"
    OFFLINE = "master.offline"
    TOO_OLD = "master.too_old"
    FUNDING = "master.funding"
    TRANSFER = "master.transfer"


class Trade(NamedTuple):
    """One fill of a master's own order; ``seen_at`` is when we booked it."""

    row_id: int
    trade_id: str
    order_id: str
    client_id: str
    symbol: str
    position_side: PositionSide
    side: Side
    quantity: Decimal
    price: Decimal
    forced: bool
    at: datetime
    seen_at: datetime

    @property
    def place(self) -> Place:
        return place(self.at, self.trade_id)


@dataclass(frozen=True, slots=True)
class Move:
    """Fills of one order within 300 ms of the first, in the venue's order."""

    trades: tuple[Trade, ...]

    @property
    def first(self) -> Trade:
        return self.trades[0]

    @property
    def line(self) -> tuple[str, PositionSide]:
        return (self.first.symbol, self.first.position_side)

    @property
    def quantity(self) -> Decimal:
        return sum((each.quantity for each in self.trades), _ZERO)

    @property
    def delta(self) -> Decimal:
        """Signed."""
        return self.quantity if self.first.side is Side.BUY else -self.quantity

    @property
    def price(self) -> Decimal:
        """The average."""
        cost = sum((each.quantity * each.price for each in self.trades), _ZERO)
        return cost / self.quantity

    @property
    def forced(self) -> bool:
        return any(each.forced for each in self.trades)

    @property
    def seen_at(self) -> datetime:
        return min(each.seen_at for each in self.trades)


def joined(trades: Iterable[Trade]) -> list[Move]:
    """Moves by the place of their first trade, whatever order ``trades`` came in."""
    groups: list[list[Trade]] = []
    newest: dict[tuple[str, str, Side], list[Trade]] = {}
    for trade in sorted(trades, key=lambda each: each.place):
        key = (trade.symbol, trade.order_id or trade.trade_id, trade.side)
        group = newest.get(key)
        if group is None or trade.at - group[0].at > JOIN:
            group = newest[key] = []
            groups.append(group)
        group.append(trade)
    return [Move(tuple(group)) for group in groups]


class Shift(NamedTuple):
    """``close_pct`` of what is held, None for no close; ``opens`` is unsigned."""

    close_pct: Decimal | None
    opens: Decimal


def shift(held: Decimal, delta: Decimal) -> Shift:
    """What a change of ``delta`` does to a position of ``held``; both signed."""
    if held == 0 or (held > 0) == (delta > 0):
        return Shift(None, abs(delta))
    if abs(delta) >= abs(held):
        return Shift(HUNDRED, abs(delta) - abs(held))
    part = (abs(delta) * HUNDRED / abs(held)).quantize(_STEP, ROUND_DOWN)
    return Shift(max(part, _STEP), _ZERO)


def opened_pct(opened: Decimal, filled: Decimal, ordered: Decimal | None) -> Decimal:
    """How much of its opening an order has made: of ``opened`` and what it has yet to fill.

    What closed before does not count. An order of which nobody knows what it was placed for makes
    all of it with its first part.
    """
    left = _ZERO if ordered is None else max(ordered - filled, _ZERO)
    return (opened * HUNDRED / (opened + left)).quantize(_STEP, ROUND_DOWN)


def margin_pct(
    opens: Decimal, price: Decimal, leverage: int | None, equity: Decimal | None
) -> Decimal | None:
    """The margin of what is opened, in percent of the master's equity; None where not known."""
    if not opens or not leverage or not equity or equity <= 0:
        return None
    share = opens * price / leverage * HUNDRED / equity
    return min(max(share.quantize(_STEP, ROUND_DOWN), _STEP), Decimal(10_000))


class Terms(NamedTuple):
    """How a master stands. ``whole``: all that it holds is known to us. ``held`` symbols
    are those in which the strategy holds something by its own signals.
    """

    connected_at: datetime
    paused: bool
    whole: bool
    our_prefix: str
    no_copy_prefix: str
    ignored: frozenset[str]
    held: frozenset[str]


class Verdict(NamedTuple):
    """What of a move is mirrored. ``why`` not: the whole of it, or what it would have opened."""

    close_pct: Decimal | None
    opens: Decimal
    why: Why | None = None

    @property
    def mirrored(self) -> bool:
        return self.close_pct is not None or self.opens > 0


def judged(move: Move, held: Decimal, terms: Terms, now: datetime) -> Verdict:
    """Closes are kept back only by what the owner asked for; opens by all else too."""
    close_pct, opens = shift(held, move.delta)
    reason = _kept_back(move, terms, closes=close_pct is not None)
    if reason is not None:
        return Verdict(None, _ZERO, reason)
    reason = _no_open(move, terms, now) if opens else None
    return Verdict(close_pct, _ZERO if reason else opens, reason)


def _kept_back(move: Move, terms: Terms, *, closes: bool) -> Why | None:
    name = move.first.client_id.lower()
    ignored = move.first.symbol in terms.ignored
    kept = (
        (move.first.at < terms.connected_at, Why.BEFORE),
        (name.startswith(terms.our_prefix), Why.OURS),
        (name.startswith(terms.no_copy_prefix.lower()), Why.NO_COPY),
        # Followers who are in from before the symbol was ignored are let out.
        (ignored and not (closes and move.first.symbol in terms.held), Why.SYMBOL),
    )
    return next((why for bites, why in kept if bites), None)


def _no_open(move: Move, terms: Terms, now: datetime) -> Why | None:
    kept = (
        (move.first.trade_id.startswith(FOUND), Why.UNEXPLAINED),
        (terms.paused, Why.PAUSED),
        (now - move.first.at > MAX_AGE, Why.TOO_OLD),
        (not terms.whole, Why.OFFLINE),
    )
    return next((why for bites, why in kept if bites), None)


class Waiting(NamedTuple):
    """``due``: nothing more can join the move."""

    move: Move
    due: bool


class Judged(NamedTuple):
    """``held``: signed, before the move."""

    move: Move
    held: Decimal
    verdict: Verdict


def walk(waiting: Sequence[Waiting], held: Decimal, terms: Terms, now: datetime) -> list[Judged]:
    """The moves of one line that are decided now, in their order; ``held`` is before the first.

    A move that is not due keeps the later ones waiting, as does an open that waits for a stream to
    be whole again: but never a close, before which such opens are given up.
    """
    done: list[Judged] = []
    kept: list[Judged] = []
    for move, due in waiting:
        if not due:
            break
        verdict = judged(move, held, terms, now)
        each = Judged(move, held, verdict)
        held += move.delta
        if verdict.close_pct is not None:
            done += [*kept, each]
            kept.clear()
        elif kept or verdict.why is Why.OFFLINE:
            kept.append(each)
        else:
            done.append(each)
    return done
