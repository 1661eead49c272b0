"""Open positions with the shares that they are made of, and their totals. Our books alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mimic.dashboard.books_filters import PositionFilter
from mimic.dashboard.books_scope import Market, Markets, Purse, Scope
from trading.domain.decide import Freshness
from trading.domain.marking import Marked
from trading.domain.ports import PositionSide
from trading.models import ExchangeAccount, Position, VirtualPosition

STALE_AFTER = Freshness().quote
"""A mark older than what an open may be decided on is shown as old."""
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Share:
    """A copy's part of a position; ``copy`` is the public id of its subscription."""

    strategy: str
    copy: str
    held: Marked


@dataclass(frozen=True, slots=True)
class PositionLine:
    """A position, or the chosen strategy's part of one.

    ``apart`` is what no copy asked for, signed base units: opened by hand, or left over.
    """

    row: Position
    account: ExchangeAccount
    market: Market
    held: Marked
    shares: list[Share]
    apart: Decimal
    stale: bool

    @property
    def purse(self) -> Purse:
        return Purse(self.account.kind, self.market.currency)


@dataclass(frozen=True, slots=True)
class PositionTotals:
    """Money in the purse's currency. ``unmarked`` positions have no price: they are in no sum but
    that of the margin.
    """

    purse: Purse
    count: int
    unmarked: int
    profit: Decimal | None
    value: Decimal | None
    margin: Decimal
    stale: bool


def lines_of(asked: PositionFilter, *, now: datetime) -> list[PositionLine]:
    """What is open, newest change first: three queries, whatever its number."""
    scope = asked.scope
    rows = list(
        Position.objects.filter(account_id__in=asked.accounts)
        .exclude(quantity=0)
        .order_by("-updated_at", "pk")
    )
    pairs = [(row.account_id, row.symbol) for row in rows]
    markets = Markets(scope, pairs)
    shares = _shares_by_pair(scope, {symbol for _, symbol in pairs})
    lines = [
        _line(row, scope, markets.of(*pair), shares[pair], now)
        for row, pair in zip(rows, pairs, strict=True)
    ]
    return lines if asked.subscriptions is None else _parts(lines, scope, asked.subscriptions)


def totals_of(lines: Sequence[PositionLine]) -> list[PositionTotals]:
    """By money and currency, real money first."""
    by_purse: dict[Purse, list[PositionLine]] = defaultdict(list)
    for line in lines:
        by_purse[line.purse].append(line)
    return [_totals(purse, by_purse[purse]) for purse in sorted(by_purse, key=lambda it: it.place)]


def _totals(purse: Purse, lines: Sequence[PositionLine]) -> PositionTotals:
    marked = [line.held for line in lines if line.held.mark is not None]
    return PositionTotals(
        purse=purse,
        count=len(lines),
        unmarked=len(lines) - len(marked),
        profit=sum((it.profit or ZERO for it in marked), ZERO) if marked else None,
        value=sum((it.size * (it.mark or ZERO) for it in marked), ZERO) if marked else None,
        margin=sum((line.held.margin for line in lines), ZERO),
        stale=any(line.stale for line in lines),
    )


def _shares_by_pair(
    scope: Scope, symbols: Iterable[str]
) -> dict[tuple[int, str], list[VirtualPosition]]:
    """By account and symbol."""
    found: dict[tuple[int, str], list[VirtualPosition]] = defaultdict(list)
    rows = VirtualPosition.objects.filter(subscription__in=list(scope.copies), symbol__in=symbols)
    for row in rows.exclude(quantity=0).order_by("pk"):
        found[scope.copies[row.subscription_id].account_id, row.symbol].append(row)
    return found


def _line(
    row: Position, scope: Scope, market: Market, shares: Iterable[VirtualPosition], now: datetime
) -> PositionLine:
    mine = [share for share in shares if _belongs(share, row)]
    return PositionLine(
        row=row,
        account=scope.accounts[row.account_id],
        market=market,
        held=Marked(row.quantity, row.entry_price, row.leverage, market.mark),
        shares=[_share(it, scope, market) for it in mine],
        apart=row.quantity - sum((it.quantity for it in mine), ZERO),
        stale=market.mark_at is None or now - market.mark_at > STALE_AFTER,
    )


def _share(row: VirtualPosition, scope: Scope, market: Market) -> Share:
    copy = scope.copies[row.subscription_id]
    held = Marked(row.quantity, row.entry_price, row.leverage, market.mark)
    return Share(copy.strategy.name, str(copy.public_id), held)


def _belongs(share: VirtualPosition, row: Position) -> bool:
    """In hedge mode an account holds both sides of a symbol: a share is of its own side's."""
    one_way = row.position_side == PositionSide.BOTH.value
    return one_way or share.quantity * row.quantity > 0


def _parts(
    lines: Iterable[PositionLine], scope: Scope, subscriptions: Iterable[int]
) -> list[PositionLine]:
    """Of each position only what these copies hold."""
    copies = {str(scope.copies[key].public_id) for key in subscriptions}
    return [
        PositionLine(line.row, line.account, line.market, share.held, [share], ZERO, line.stale)
        for line in lines
        for share in line.shares
        if share.copy in copies
    ]
