"""How far a person is on the way to their first copied trade, and what happens next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from trading.copying.selectors import ReceiptRow, receipts_of_person
from trading.execution.connections import accounts_of_person
from trading.models import (
    CopyExecution,
    CopySubscription,
    ExchangeAccount,
    ExecutionOutcome,
    SubscriptionStatus,
)

SHOWN_AFTERWARDS = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Onboarding:
    """``step``: 1 has no account, 2 copies nothing, 3 waits for a signal that is copied, 4 did it.

    ``paper``: an account of play money is there. ``receipt``: the newest, which says what became
    of a signal meanwhile.
    """

    step: int
    paper: bool = False
    strategy: str = ""
    receipt: ReceiptRow | None = None


def onboarding_of(user_id: int, *, now: datetime) -> Onboarding | None:
    """None for who has copied a trade before; one query for them, four at most for others."""
    executed = CopyExecution.objects.filter(user_id=user_id, outcome=ExecutionOutcome.EXECUTED)
    first = executed.order_by("pk").values_list("decided_at", flat=True).first()
    if first is not None and first < now - SHOWN_AFTERWARDS:
        return None
    kinds = set(accounts_of_person(user_id).values_list("kind", flat=True))
    if not kinds:
        return Onboarding(1)
    paper = ExchangeAccount.Kind.PAPER.value in kinds
    copies = CopySubscription.objects.filter(user_id=user_id, status=SubscriptionStatus.ACTIVE)
    strategy = copies.order_by("-pk").values_list("strategy__name", flat=True).first()
    if strategy is None and first is None:
        return Onboarding(2, paper)
    newest = receipts_of_person(user_id=user_id, limit=1)
    step = 3 if first is None else 4
    return Onboarding(step, paper, strategy or "", newest[0] if newest else None)
