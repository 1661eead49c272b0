"""Closed trades of a person: the list by key, and what they came to, never mixing money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, Sum

from mimic.dashboard.books_filters import TradeFilter
from mimic.dashboard.books_scope import Market, Markets, Purse, Scope
from trading.domain.marking import HUNDRED
from trading.models import ExchangeAccount, Trade

_WON = Q(profit__gt=F("fees"))


@dataclass(frozen=True, slots=True)
class TradeLine:
    """``net`` is the profit after fees, in the market's currency."""

    row: Trade
    account: ExchangeAccount
    market: Market
    strategy: str

    @property
    def net(self) -> Decimal:
        net: Decimal = self.row.profit - self.row.fees
        return net


@dataclass(frozen=True, slots=True)
class TradeTotals:
    """Of all trades that fit the filters, not of the page alone. ``won``: some profit is left."""

    purse: Purse
    net: Decimal
    count: int
    won: int

    @property
    def win_pct(self) -> Decimal:
        return HUNDRED * self.won / Decimal(self.count)

    @property
    def average(self) -> Decimal:
        return self.net / self.count

    def plus(self, other: TradeTotals) -> TradeTotals:
        return TradeTotals(
            self.purse,
            self.net + other.net,
            self.count + other.count,
            self.won + other.won,
        )


def lines_of(scope: Scope, ids: Sequence[int]) -> list[TradeLine]:
    """In the order of ``ids``; two queries."""
    rows = Trade.objects.in_bulk(ids)
    markets = Markets(scope, [(row.account_id, row.symbol) for row in rows.values()])
    return [line_of(scope, markets, rows[key]) for key in ids]


def line_of(scope: Scope, markets: Markets, row: Trade) -> TradeLine:
    return TradeLine(
        row,
        scope.accounts[row.account_id],
        markets.of(row.account_id, row.symbol),
        scope.strategy_of(row.subscription_id),
    )


def totals_of(asked: TradeFilter) -> list[TradeTotals]:
    """By money and currency, real money first: two queries."""
    rows: list[Any] = list(
        Trade.objects.filter(asked.condition(), account_id__in=asked.accounts)
        .order_by()
        .values_list("account_id", "symbol")
        .annotate(net=Sum(F("profit") - F("fees")), count=Count("*"), won=Count("pk", filter=_WON))
    )
    markets = Markets(asked.scope, [(account, symbol) for account, symbol, *_ in rows])
    found: dict[Purse, TradeTotals] = {}
    for account, symbol, net, count, won in rows:
        purse = markets.purse(account, symbol)
        sums = TradeTotals(purse, net, count, won)
        found[purse] = found[purse].plus(sums) if purse in found else sums
    return [found[purse] for purse in sorted(found, key=lambda it: it.place)]
