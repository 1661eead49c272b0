"""Where an account's state changes: one table, one mutator, an event row beside each change."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from mimic.audit.actions import declare
from mimic.audit.services import record
from trading.models import AccountEvent, AccountState, ExchangeAccount


class Cause(StrEnum):
    SUBMIT = "submit"
    ADMIT = "admit"
    HOLD = "hold"
    REFUSE = "refuse"
    FAIL = "fail"
    APPROVE = "approve"
    TURN_DOWN = "turn_down"
    DISABLE = "disable"
    ENABLE = "enable"
    REMOVE = "remove"
    PRACTISE = "practise"


MOVED = declare(
    "trading.account.move",
    _("Exchange account approved, disabled or enabled by a person"),
    facts=["cause", "was", "became"],
    private=["reason"],
)
REMOVED = "account.removed"
"""The reason of a disabled account that its owner gave up: no keys, kept for its history alone."""

_S = AccountState
_CONNECTED = frozenset({_S.CHECKING, _S.PENDING_APPROVAL, _S.ACTIVE, _S.FAILING, _S.REJECTED})
TABLE: dict[Cause, tuple[frozenset[AccountState], AccountState]] = {
    Cause.SUBMIT: (frozenset({_S.DRAFT, _S.REJECTED}), _S.CHECKING),
    Cause.ADMIT: (frozenset({_S.CHECKING, _S.FAILING}), _S.ACTIVE),
    Cause.PRACTISE: (frozenset({_S.DRAFT}), _S.ACTIVE),  # play money needs no check
    Cause.HOLD: (frozenset({_S.CHECKING}), _S.PENDING_APPROVAL),
    # Keys that never traded here are rejected; an account that did goes on when they work again.
    Cause.REFUSE: (frozenset({_S.CHECKING, _S.PENDING_APPROVAL}), _S.REJECTED),
    Cause.FAIL: (frozenset({_S.ACTIVE}), _S.FAILING),
    Cause.APPROVE: (frozenset({_S.PENDING_APPROVAL}), _S.ACTIVE),
    Cause.TURN_DOWN: (frozenset({_S.PENDING_APPROVAL}), _S.REJECTED),
    Cause.DISABLE: (_CONNECTED, _S.DISABLED),
    Cause.REMOVE: (_CONNECTED | {_S.DRAFT}, _S.DISABLED),
    Cause.ENABLE: (frozenset({_S.DISABLED}), _S.CHECKING),
}


def lock_account(account_id: int) -> ExchangeAccount:
    """The account, its row locked until the caller's transaction ends."""
    rows = ExchangeAccount.objects.select_for_update(of=("self",)).select_related("venue")
    return rows.get(pk=account_id)


def move_account(
    *,
    account: ExchangeAccount,
    cause: Cause,
    now: datetime,
    reason: str = "",
    by: User | None = None,
) -> bool:
    """Operation: change the state of a locked account; False if ``cause`` may not follow it."""
    sources, became = TABLE[cause]
    was = AccountState(account.state)
    moved = ExchangeAccount.objects.filter(pk=account.pk, state__in=sources).update(
        state=became, state_reason=reason[:200]
    )
    if not moved:
        return False
    account.state, account.state_reason = became, reason[:200]
    AccountEvent.objects.create(
        account=account,
        was=was,
        became=became,
        cause=cause.value,
        reason=reason[:200],
        by=by,
        at=now,
    )
    if by is not None:
        record(
            MOVED,
            target=account,
            by=by,
            facts={"cause": cause.value, "was": was.value, "became": became.value},
            private={"reason": reason},
        )
    return True
