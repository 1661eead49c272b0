"""Gathered trades into moves, decided once, under the master's lock.

What a master held before a move is what its books hold now less all that is not decided yet: own
fills of orders of ours, positions from before and what nobody saw being traded count, as they do
at the venue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from mimic.core.bulk import new_time_ids
from signals.services.meaning import FLAT
from signals.services.stances import stance_of
from trading.copying.masters.leverages import leverages_of
from trading.copying.masters.parts import parts_of
from trading.domain import mirroring
from trading.domain.mirroring import JOIN, Judged, Move, Terms, Trade, Waiting, joined, walk
from trading.domain.ports import PositionSide, Side
from trading.domain.remainders import Part
from trading.execution.watched import STALE_AFTER
from trading.models import (
    AccountBudget,
    AccountStream,
    MasterAccount,
    MasterFill,
    MasterMove,
    MasterState,
    MoveState,
    StreamState,
)

WHOLE_AGAIN = timedelta(seconds=1)  # how soon to look again while a stream is not whole

# One statement, one moment: what is held and what is not decided belong together.
_GATHERED = """
SELECT f.id, f.trade_id, f.venue_order_id, f.client_id, f.symbol, f.position_side, f.side,
    f.quantity, f.price, f.forced, f.at, f.seen_at,
    coalesce(p.quantity, 0) + coalesce(e.quantity, 0),
    coalesce(o.state NOT IN ('open', 'partially_filled') AND o.filled <= (
        SELECT sum(g.quantity) FROM trading_masterfill g
         WHERE g.master_id = f.master_id AND g.venue_order_id = f.venue_order_id), false),
    EXISTS (SELECT FROM trading_order w WHERE w.account_id = %(account)s AND w.symbol = f.symbol
        AND w.closed_at IS NULL AND w.status <> 'planned')
  FROM trading_masterfill f
  LEFT JOIN trading_position p ON p.account_id = %(account)s AND p.symbol = f.symbol
       AND p.position_side = f.position_side
  LEFT JOIN trading_externalposition e ON e.account_id = %(account)s AND e.symbol = f.symbol
       AND e.position_side = f.position_side
  LEFT JOIN trading_externalorder o ON o.account_id = %(account)s AND o.symbol = f.symbol
       AND o.venue_order_id = f.venue_order_id
 WHERE f.master_id = %(master)s AND f.move_id IS NULL
"""

Line = tuple[str, PositionSide]


class _Gathered(NamedTuple):
    """``held``: by line, all that is booked. ``complete``: orders whose every fill is here.
    ``busy``: symbols in which orders of ours are out, so that what is held may be told late.
    """

    trades: list[Trade]
    held: dict[Line, Decimal]
    complete: frozenset[str]
    busy: frozenset[str]


@transaction.atomic(durable=True)
def decide_moves(*, master_id: int, now: datetime) -> datetime | None:
    """Command: write what is decided of a master's trades. Returns when to come again, if ever."""
    rows = MasterAccount.objects.select_for_update(of=("self",), no_key=True)
    master = rows.filter(pk=master_id, ended_at=None).select_related("account").first()
    if master is None:
        return None
    gathered = _gathered(master)
    terms = _terms(master, gathered, now)
    decided: list[Judged] = []
    again: list[datetime] = []
    for line, moves in _by_line(joined(gathered.trades)).items():
        waiting = [Waiting(move, _due(move, gathered, now)) for move in moves]
        undecided = sum((move.delta for move in moves), Decimal(0))
        known = terms._replace(whole=terms.whole and line[0] not in gathered.busy)
        found = walk(waiting, gathered.held[line] - undecided, known, now)
        decided += found
        left = waiting[len(found) :]
        again += [now + WHOLE_AGAIN if due else move.seen_at + JOIN for move, due in left[:1]]
    _write(master, sorted(decided, key=lambda each: each.move.first.place), now)
    return min(again, default=None)


def _gathered(master: MasterAccount) -> _Gathered:
    with connection.cursor() as cursor:
        cursor.execute(_GATHERED, {"account": master.account_id, "master": master.pk})
        rows = cursor.fetchall()
    trades, held, complete, busy = [], {}, set(), set()
    for *row, total, is_complete, is_busy in rows:
        trade = _trade(row)
        trades.append(trade)
        held[trade.symbol, trade.position_side] = Decimal(total)
        if is_complete:
            complete.add(trade.order_id)
        if is_busy:
            busy.add(trade.symbol)
    return _Gathered(trades, held, frozenset(complete), frozenset(busy))


def _trade(row: Sequence[Any]) -> Trade:
    row_id, trade_id, order_id, client_id, symbol, position_side, side, *rest = row
    return Trade(
        row_id, trade_id, order_id, client_id, symbol, PositionSide(position_side), Side(side),
        *rest,
    )  # fmt: skip


def _by_line(moves: Iterable[Move]) -> dict[Line, list[Move]]:
    found: dict[Line, list[Move]] = {}
    for move in moves:
        found.setdefault(move.line, []).append(move)
    return found


def _due(move: Move, gathered: _Gathered, now: datetime) -> bool:
    """Nothing more can join it, or there is nothing more of its order."""
    return now >= move.seen_at + JOIN or move.first.order_id in gathered.complete


def _terms(master: MasterAccount, gathered: _Gathered, now: datetime) -> Terms:
    ignored = frozenset(master.ignored_symbols)
    asked = ignored & {trade.symbol for trade in gathered.trades}
    held = {
        symbol
        for symbol in asked
        if stance_of(strategy_id=master.strategy_id, symbol=symbol).stance is not FLAT.stance
    }
    stream = AccountStream.objects.filter(account_id=master.account_id, state=StreamState.LIVE)
    return Terms(
        connected_at=master.connected_at,
        paused=master.state == MasterState.PAUSED,
        whole=stream.filter(alive_at__gt=now - STALE_AFTER).exists(),
        our_prefix=f"m{settings.MIMIC_INSTANCE}".lower(),
        no_copy_prefix=master.no_copy_prefix,
        ignored=ignored,
        held=frozenset(held),
    )


def _write(master: MasterAccount, decided: Sequence[Judged], now: datetime) -> None:
    if not decided:
        return
    budgets = AccountBudget.objects.filter(account_id=master.account_id)
    equity = budgets.exclude(snapshot_at=None).values_list("equity", flat=True).first()
    leverages = leverages_of(master.account_id)
    ids = sorted(new_time_ids(len(decided)))  # they are told in the order of their ids
    MasterMove.objects.bulk_create(
        _row(row_id, master, each, part, leverages.get(each.move.first.symbol), equity, now)
        for row_id, each, part in zip(ids, decided, parts_of(master, decided), strict=True)
    )
    for row_id, each in zip(ids, decided, strict=True):
        parts = [trade.row_id for trade in each.move.trades]
        MasterFill.objects.filter(pk__in=parts).update(move_id=row_id)


def _row(
    row_id: int, master: MasterAccount, each: Judged, part: Part | None, leverage: int | None,
    equity: Decimal | None, now: datetime,
) -> MasterMove:  # fmt: skip
    move, first, verdict = each.move, each.move.first, each.verdict
    return MasterMove(
        pk=row_id,
        master=master,
        state=MoveState.READY if verdict.mirrored else MoveState.IGNORED,
        code=verdict.why.value if verdict.why else "",
        symbol=first.symbol,
        trade_id=first.trade_id,
        position_side=first.position_side.value,
        venue_order_id=first.order_id,
        client_id=first.client_id,
        side=first.side.value,
        quantity=move.quantity,
        price=move.price,
        forced=move.forced,
        held_before=each.held,
        close_pct=verdict.close_pct,
        opens=verdict.opens,
        equity=equity,
        leverage=leverage,
        margin_pct=mirroring.margin_pct(verdict.opens, move.price, leverage, equity),
        part_from_pct=part.start if part else None,
        part_to_pct=part.end if part else None,
        at=first.at,
        decided_at=now,
    )
