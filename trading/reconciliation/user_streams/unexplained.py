"""Positions that no fill explains: from before we listened, or moved in some other way.

What a venue holds beyond our books is left alone while orders of ours are about, and until it was
seen twice: a list may be older than what it is compared with. Then it is taken for the person's
own, as a fill that we did not see. Where the venue holds less than our books it is the person's
close, and detaches the copies it took from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction

from trading.copying.masters.gather import gather
from trading.domain.mirroring import FOUND
from trading.domain.news import FillNews
from trading.domain.ports import FillReport, PositionReport, PositionSide, Side
from trading.execution.divergences import Difference, record_positions
from trading.execution.external import book_external
from trading.execution.news import Told
from trading.models import DivergenceAction, Reconciliation

AFTER = timedelta(seconds=20)  # between the two looks
QUIET = timedelta(seconds=60)  # since the last order of ours in the symbol ended


_MARKS = {PositionSide.BOTH: "x", PositionSide.LONG: "l", PositionSide.SHORT: "s"}
"""Trades are told apart by account, symbol and id: both sides may be found in one look."""


class Place(NamedTuple):
    symbol: str
    position_side: str


class _Known(NamedTuple):
    """By our books, fills of our own and the person's that we saw."""

    quantity: Decimal
    unexplained: Decimal
    since: datetime | None


_BOOKS = """
SELECT symbol, position_side, coalesce(p.quantity, 0) + coalesce(e.quantity, 0),
    coalesce(e.unexplained, 0), e.unexplained_at
  FROM (SELECT * FROM trading_position WHERE account_id = %(account)s) p
  FULL JOIN (SELECT * FROM trading_externalposition WHERE account_id = %(account)s) e
    USING (symbol, position_side)
"""
_BUSY = """
SELECT DISTINCT symbol FROM trading_order WHERE account_id = %(account)s
   AND (closed_at IS NULL OR closed_at > %(quiet)s)
"""


@transaction.atomic
def explain(*, account_id: int, positions: Sequence[PositionReport], now: datetime) -> bool:
    """Operation: compare, and record what is left over. True if another look is needed.

    ``positions`` are all that the venue holds. Each difference leaves a row, from the look that
    found it to the one that does not any more. One at a time for an account, whoever asks.
    """
    _hold(account_id, now)
    books, busy = _books(account_id, now)
    held = {Place(each.symbol, each.position_side.value): each for each in positions}
    found: list[Difference] = []
    for place in sorted(books.keys() | held.keys()):
        known = books.get(place, _Known(Decimal(0), Decimal(0), None))
        report = held.get(place)
        theirs = report.quantity if report else Decimal(0)
        rest = theirs - known.quantity
        if rest:
            action = _act(account_id, place, known, rest, report, now, busy=place.symbol in busy)
            found.append(Difference(*place, known.quantity, theirs, action))
        elif known.unexplained and place.symbol not in busy:
            _note(account_id, place, rest, None, now)
    record_positions(account_id=account_id, found=found, now=now)
    if any(each.action is not DivergenceAction.ADOPTED for each in found):
        return True
    Reconciliation.objects.filter(pk=account_id).update(agreed_at=now)
    return False


def _hold(account_id: int, now: datetime) -> None:
    """Two that took the same rest for the owner's own would book it twice."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_reconciliation (account_id, compared_at, failures) "
            "VALUES (%s, %s, 0) ON CONFLICT (account_id) DO UPDATE "
            "SET compared_at = excluded.compared_at, failures = 0",
            [account_id, now],
        )


def _act(
    account_id: int,
    place: Place,
    known: _Known,
    rest: Decimal,
    report: PositionReport | None,
    now: datetime,
    *,
    busy: bool,
) -> DivergenceAction:
    """What is done about a difference."""
    if busy:
        return DivergenceAction.WAITS
    if rest != known.unexplained or known.since is None or now < known.since + AFTER:
        same = rest == known.unexplained and known.since
        _note(account_id, place, rest, known.since if same else now, now)
        return DivergenceAction.WATCHES
    _adopt(account_id, place, rest, report, now)
    return DivergenceAction.ADOPTED


def _books(account_id: int, now: datetime) -> tuple[dict[Place, _Known], frozenset[str]]:
    values: dict[str, Any] = {"account": account_id, "quiet": now - QUIET}
    with connection.cursor() as cursor:
        cursor.execute(_BOOKS, values)
        books = {Place(*row[:2]): _Known(*row[2:]) for row in cursor.fetchall()}
        cursor.execute(_BUSY, values)
        return books, frozenset(row[0] for row in cursor.fetchall())


def _note(
    account_id: int, place: Place, rest: Decimal, since: datetime | None, now: datetime
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trading_externalposition (account_id, symbol, position_side, quantity, "
            "entry_price, unexplained, unexplained_at, updated_at) "
            "VALUES (%s, %s, %s, 0, 0, %s, %s, %s) "
            "ON CONFLICT (account_id, symbol, position_side) DO UPDATE SET "
            "unexplained = excluded.unexplained, unexplained_at = excluded.unexplained_at",
            [account_id, *place, rest, since, now],
        )


def _adopt(
    account_id: int, place: Place, rest: Decimal, report: PositionReport | None, now: datetime
) -> None:
    """The price is what the venue says the position was entered at; of a close nobody knows it."""
    side = PositionSide(place.position_side)
    fill = FillReport(
        trade_id=f"{FOUND}{account_id}{_MARKS[side]}{int(now.timestamp() * 1000)}",
        venue_order_id="",
        symbol=place.symbol,
        side=Side.BUY if rest > 0 else Side.SELL,
        quantity=abs(rest),
        price=_price(account_id, place, report),
        fee=Decimal(0),
        fee_currency="",
        at=now,
    )
    booked, _ = book_external(
        account_id=account_id, fills=[(FillNews(fill, "", side), side)], now=now
    )
    gather(told=(), booked=[Told(account_id, each) for each in booked], now=now)
    _note(account_id, place, Decimal(0), None, now)


def _price(account_id: int, place: Place, report: PositionReport | None) -> Decimal:
    if report is not None:
        return report.entry_price
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT q.mark FROM trading_exchangeaccount a "
            "JOIN trading_instrument i ON i.venue_id = a.venue_id AND i.symbol = %s "
            "JOIN trading_instrumentquote q ON q.instrument_id = i.id WHERE a.id = %s",
            [place.symbol, account_id],
        )
        row = cursor.fetchone()
    return Decimal(row[0]) if row else Decimal(0)
