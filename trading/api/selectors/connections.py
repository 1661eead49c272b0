"""Exchange accounts: a person's own, and those that wait for an operator."""

from __future__ import annotations

from django.db.models import OuterRef, Prefetch, QuerySet, Subquery

from trading.execution.connections import accounts_of_person
from trading.models import AccountCheck, AccountEvent, AccountState, ExchangeAccount


def connections_of(user_id: int) -> QuerySet[ExchangeAccount]:
    """Not what the person removed. Read each account's newest check by :func:`newest_check`."""
    return _with_newest_check(accounts_of_person(user_id))


def waiting_connections() -> QuerySet[ExchangeAccount]:
    """Accounts of anybody whose keys passed and who wait for an operator; ``since`` when."""
    held = AccountEvent.objects.filter(account=OuterRef("pk"), became=AccountState.PENDING_APPROVAL)
    rows = ExchangeAccount.objects.filter(state=AccountState.PENDING_APPROVAL)
    since = Subquery(held.order_by("-at").values("at")[:1])
    return _with_newest_check(rows.annotate(since=since).select_related("venue", "user"))


def newest_check(account: ExchangeAccount) -> AccountCheck | None:
    """The newest check, open or ended; None for an account that never had one."""
    found: list[AccountCheck] = account.newest_checks  # type: ignore[attr-defined]
    return found[0] if found else None


def _with_newest_check(rows: QuerySet[ExchangeAccount]) -> QuerySet[ExchangeAccount]:
    """One more query for all rows. What is sealed in a check is never read."""
    newest = AccountCheck.objects.order_by("account_id", "-asked_at", "-pk")
    distinct = newest.distinct("account_id").defer("sealed_keys")
    return rows.prefetch_related(Prefetch("checks", queryset=distinct, to_attr="newest_checks"))
