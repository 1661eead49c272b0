"""Stops and targets that masters place or move at their venues are their signals' own.

A stop that was taken out without another one in its place leaves the signal as it was: venues that
cannot amend one have it moved by two orders. Columns keep distances, so a stop beyond the entry
counts as one at the entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

from django.db import connection, transaction

from signals.services.exits import NO_EXITS, Exits, move_exits
from signals.services.publish import Target
from trading.domain.caps import ZERO
from trading.domain.news import ExitNews
from trading.domain.ports import PositionSide, Side
from trading.domain.sizing import HUNDRED
from trading.models import MasterAccount, MasterExit, MasterMove, MoveState

_STEP = Decimal("0.0001")  # what the columns keep of a percentage
_MOST = 8  # targets
_NOTE = """
INSERT INTO trading_masterexit AS x (master_id, order_id, symbol, position_side, side, stops,
    price, quantity, alive, at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (master_id, order_id) DO UPDATE SET price = excluded.price,
    quantity = excluded.quantity, alive = excluded.alive, at = excluded.at
 WHERE x.alive AND x.at <= excluded.at
"""


def note_exits(told: Sequence[tuple[int, ExitNews]]) -> None:
    """Operation: by master, in any order; what is over stays over. Signals follow."""
    with connection.cursor() as cursor:
        for master_id, each in sorted(told, key=lambda pair: (pair[1].at, not pair[1].alive)):
            cursor.execute(
                _NOTE,
                [
                    master_id, each.order_id, each.symbol, each.position_side.value,
                    each.side.value, each.stops, each.price, each.quantity, each.alive, each.at,
                ],
            )  # fmt: skip
    for line in sorted({(m, e.symbol, e.position_side.value, e.side.opposite) for m, e in told}):
        _follow(*line)


@transaction.atomic(durable=True)
def take_found(*, account_id: int, found: Sequence[ExitNews], asked_at: datetime) -> None:
    """Command: the venue was asked at ``asked_at``, and ``found`` is all that waits there. What
    is not among it is over.
    """
    master = MasterAccount.objects.filter(account_id=account_id, ended_at=None).first()
    if master is None:
        return
    told = [(master.pk, each) for each in found]
    names = {each.order_id for each in found}
    alive = MasterExit.objects.filter(master=master, alive=True, at__lte=asked_at)
    over = [row for row in alive if row.order_id not in names]
    note_exits(told + [(master.pk, _over(row, asked_at)) for row in over])


def _over(row: MasterExit, at: datetime) -> ExitNews:
    return ExitNews(
        row.order_id, "", row.symbol, Side(row.side), PositionSide(row.position_side), row.stops,
        row.price, row.quantity, alive=False, at=at,
    )  # fmt: skip


def exits_of(move: MasterMove) -> Exits:
    """What closes the position that ``move`` opened or added to, as distances from its price."""
    closing = Side(move.side).opposite
    rows = MasterExit.objects.filter(
        master_id=move.master_id, symbol=move.symbol, alive=True, side=closing,
        position_side=move.position_side,
    )  # fmt: skip
    if not move.price:
        return NO_EXITS
    return _distances(list(rows.order_by("at", "pk")), move, closing)


def _follow(master_id: int, symbol: str, position_side: str, entry: Side) -> None:
    """The newest signal that opened there says what the exits are now."""
    opened = MasterMove.objects.filter(
        master_id=master_id, symbol=symbol, position_side=position_side, side=entry,
        state__in=(MoveState.TOLD, MoveState.PREVIEW), opens__gt=0,
    )  # fmt: skip
    newest = opened.select_related("signal").order_by("-pk").first()
    if newest is not None and newest.signal is not None:
        move_exits(signal=newest.signal, exits=exits_of(newest))


def _distances(rows: Iterable[MasterExit], move: MasterMove, closing: Side) -> Exits:
    """The stop that was placed last; targets by their distance."""
    price, ahead = move.price or ZERO, 1 if closing is Side.SELL else -1
    holds = abs(move.held_before) + move.opens
    stop, targets = None, []
    for row in rows:
        away = (row.price - price) * ahead * HUNDRED / price
        if row.stops:
            stop = max((-away).quantize(_STEP, ROUND_DOWN), _STEP)
        elif away >= _STEP:
            share = min(row.quantity or holds, holds) * HUNDRED / holds
            targets.append(Target(away.quantize(_STEP, ROUND_DOWN), share.quantize(_STEP)))
    return Exits(stop, _within(sorted(targets)[:_MOST]))


def _within(targets: Sequence[Target]) -> tuple[Target, ...]:
    """No more than all of it, and one target a distance."""
    left, found = HUNDRED, dict[Decimal, Decimal]()
    for pct, share in targets:
        part = min(share, left)
        left -= part
        if part:
            found[pct] = found.get(pct, ZERO) + part
    return tuple(Target(*each) for each in found.items())
