"""Whose books a page reads: one person's accounts, removed ones too, and their copies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.execution.connection_states import REMOVED
from trading.models import AccountState, CopySubscription, ExchangeAccount, Instrument


@dataclass(frozen=True, slots=True)
class Scope:
    """By key. A row of an account that is not here is somebody else's."""

    accounts: Mapping[int, ExchangeAccount]
    copies: Mapping[int, CopySubscription]

    def strategy_of(self, subscription_id: int | None) -> str:
        """The name of what was copied; empty where no copy asked for it."""
        copy = self.copies.get(subscription_id or 0)
        return copy.strategy.name if copy else ""

    @property
    def connected(self) -> list[ExchangeAccount]:
        """Accounts that were not given up."""
        return [row for row in self.accounts.values() if not _is_removed(row)]


def scope_of(user_id: int) -> Scope:
    """Two queries."""
    accounts = ExchangeAccount.objects.filter(user_id=user_id).select_related("venue")
    copies = CopySubscription.objects.filter(user_id=user_id).select_related("strategy")
    return Scope(
        {row.pk: row for row in accounts.defer("sealed_keys").order_by("pk")},
        {row.pk: row for row in copies.order_by("pk")},
    )


@dataclass(frozen=True, slots=True)
class Purse:
    """What may be added up: play money and real money never are, nor two currencies."""

    kind: str
    currency: str

    @property
    def name(self) -> str:
        return f"{ExchangeAccount.Kind(self.kind).label}, {self.currency}"

    @property
    def place(self) -> tuple[bool, str, str]:
        """Among others: real money comes first."""
        return (self.kind != ExchangeAccount.Kind.LIVE, self.kind, self.currency)


@dataclass(frozen=True, slots=True)
class Market:
    """``digits`` are the decimals of a price; ``mark`` and its time None while nobody told one."""

    currency: str
    digits: int
    mark: Decimal | None
    mark_at: datetime | None


class Markets:
    """The instruments behind (account, symbol) pairs; one query."""

    def __init__(self, scope: Scope, pairs: Iterable[tuple[int, str]]) -> None:
        self._accounts = scope.accounts
        wanted = {(scope.accounts[key].venue_id, symbol) for key, symbol in pairs}
        self._found = _markets(wanted)

    def of(self, account_id: int, symbol: str) -> Market:
        """An instrument that left the catalogue is taken to be quoted in the account's money."""
        account = self._accounts[account_id]
        found = self._found.get((account.venue_id, symbol))
        return found or Market(account.currency, 2, None, None)

    def purse(self, account_id: int, symbol: str) -> Purse:
        return Purse(self._accounts[account_id].kind, self.of(account_id, symbol).currency)


def _markets(wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], Market]:
    if not wanted:
        return {}
    rows = Instrument.objects.filter(
        venue__in={venue for venue, _ in wanted}, symbol__in={symbol for _, symbol in wanted}
    )
    fields = ("venue_id", "symbol", "quote", "price_tick", "price__mark", "price__at")
    return {
        (venue, symbol): Market(quote, _decimals(tick), mark, at)
        for venue, symbol, quote, tick, mark, at in rows.values_list(*fields)
    }


def _decimals(tick: Decimal) -> int:
    exponent = tick.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _is_removed(row: ExchangeAccount) -> bool:
    return row.state == AccountState.DISABLED and row.state_reason == REMOVED
