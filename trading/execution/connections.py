"""Reading connections: a person's accounts, their newest check, what is open on them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Prefetch, Q, QuerySet

from trading.execution.connection_states import REMOVED
from trading.models import (
    AccountCheck,
    AccountState,
    CheckOutcome,
    CopySubscription,
    ExchangeAccount,
    Order,
    Position,
    SubscriptionStatus,
    Venue,
)
from trading.venues.credentials import FIELDS


@dataclass(frozen=True, slots=True)
class Holdings:
    """What is open by our books; false when nothing is."""

    positions: int
    orders: int

    def __bool__(self) -> bool:
        return bool(self.positions or self.orders)


def holdings_of(*account_ids: int) -> Holdings:
    positions = Position.objects.filter(account__in=account_ids).exclude(quantity=0)
    orders = Order.objects.filter(account__in=account_ids, closed_at=None)
    return Holdings(positions.count(), orders.count())


def active_copies(account_id: int) -> int:
    """Subscriptions that would trade on the account with the next signal."""
    rows = CopySubscription.objects.filter(account=account_id)
    return rows.filter(status=SubscriptionStatus.ACTIVE).count()


def removed() -> Q:
    """Accounts that their owner gave up."""
    return Q(state=AccountState.DISABLED, state_reason=REMOVED)


def accounts_of_person(user_id: int) -> QuerySet[ExchangeAccount]:
    """What the person has connected, oldest first; not what they removed."""
    rows = ExchangeAccount.objects.filter(~removed(), user_id=user_id)
    return rows.select_related("venue", "budget").order_by("pk")


def with_last_check(accounts: QuerySet[ExchangeAccount]) -> QuerySet[ExchangeAccount]:
    """One more query for all rows; read it by :func:`last_check`."""
    told = AccountCheck.objects.exclude(outcome__in=("", CheckOutcome.SUPERSEDED))
    newest = told.order_by("account_id", "-asked_at").distinct("account_id").defer("sealed_keys")
    return accounts.prefetch_related(Prefetch("checks", queryset=newest, to_attr="ended_checks"))


def last_check(account: ExchangeAccount) -> AccountCheck | None:
    """The newest check with an end, of an account out of :func:`with_last_check`."""
    found: list[AccountCheck] = account.ended_checks  # type: ignore[attr-defined]
    return found[0] if found else None


def offered_venues() -> QuerySet[Venue]:
    """Where an account may be connected now."""
    return Venue.objects.filter(enabled=True, credentials__contained_by=list(FIELDS))


def connected_at(venues: Collection[Venue]) -> list[int]:
    """Ids of the accounts at these venues that may hold something there; paper apart."""
    rows = ExchangeAccount.objects.filter(~removed(), venue__in=venues)
    return list(rows.exclude(kind=ExchangeAccount.Kind.PAPER).values_list("pk", flat=True))


def with_account_count(venues: QuerySet[Venue]) -> QuerySet[Venue]:
    """Adds ``connected``: accounts that trade, or did until their keys began to fail."""
    alive = Q(accounts__state__in=(AccountState.ACTIVE, AccountState.FAILING))
    wired = ~Q(accounts__kind=ExchangeAccount.Kind.PAPER)
    return venues.annotate(connected=Count("accounts", filter=alive & wired))
