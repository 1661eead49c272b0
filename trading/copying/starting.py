"""A person begins to copy a strategy on one of their accounts: the first version of its settings.

Only the next signal counts: what the strategy holds already is not joined.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import ConsentKind, User
from accounts.selectors import consent_missing
from mimic.core.errors import MimicError
from signals.models import Strategy
from trading.copying.offers import may_copy
from trading.copying.settings import AllocationExceeded, first_version
from trading.domain.limits import allocation_left
from trading.domain.receipts import plain
from trading.domain.sizing import SizingMode
from trading.execution import budgets
from trading.models import (
    AccountState,
    CopyMode,
    CopySubscription,
    ExchangeAccount,
    SubscriptionStatus,
)

RISK_PCT: Final = Decimal(2)  # ../shared/spec/execution.md, "The default risk is 2 %"
MARGIN_PCT: Final = Decimal(5)
SHARE_PCT: Final = Decimal(50)  # leaves room for a second strategy


class NotOffered(MimicError):
    """Expected: the strategy or its provider is paused. Choose another one."""

    code = "copy.not_offered"
    status = 409
    title = gettext_noop("This strategy cannot be copied now")


class AccountNotReady(MimicError):
    """Expected: the account does not trade. Choose another one, or mend it first."""

    code = "copy.account_not_ready"
    status = 409
    title = gettext_noop("This account is not ready to trade")


class AlreadyCopied(MimicError):
    """Expected: done twice it is done once. Show the copy that is there."""

    code = "copy.already"
    status = 409
    title = gettext_noop("You copy this strategy on this account already")


class ConsentNeeded(MimicError):
    """Expected: ask for the copy-trading disclosure first."""

    code = "consent.needed"
    status = 409
    title = gettext_noop("Agree to the copy-trading disclosure first")


def default_values(strategy: Strategy, left: Decimal) -> dict[str, Any]:
    """What is copied with unless the person says otherwise; ``left``: of the account, percent.

    Sizing by risk needs a stop, so a strategy without one is copied by margin.
    """
    stops = strategy.default_stop_loss_pct is not None
    return {
        "sizing_mode": (SizingMode.RISK_PCT if stops else SizingMode.EQUITY_PCT).value,
        "sizing_value": RISK_PCT if stops else MARGIN_PCT,
        "allocation_pct": min(left, SHARE_PCT) or SHARE_PCT,
    }


@transaction.atomic(durable=True)
def start_copying(
    *, user: User, strategy: Strategy, account: ExchangeAccount, mode: CopyMode,
    values: Mapping[str, Any], now: datetime, over_allocate: bool = False,
) -> CopySubscription:  # fmt: skip
    """Command: copy from the next signal on; ``values`` go before :func:`default_values`.

    Weighed under the account's budget lock, where also a second click waits. Raises
    :class:`ConsentNeeded`, :class:`NotOffered`, :class:`AccountNotReady`, :class:`AlreadyCopied`,
    ``SettingsInvalid`` and, unless ``over_allocate``, ``AllocationExceeded``.
    """
    if consent_missing(user.pk, ConsentKind.COPY_TRADING):
        raise ConsentNeeded()
    if not may_copy(strategy):
        raise NotOffered(strategy.name)
    budgets.lock([account.pk])
    mine = ExchangeAccount.objects.filter(pk=account.pk, user=user, state=AccountState.ACTIVE)
    if not mine.exists():
        raise AccountNotReady(account.label)
    copies = CopySubscription.objects.filter(strategy=strategy, account=account)
    if copies.exclude(status=SubscriptionStatus.STOPPED).exists():
        raise AlreadyCopied(strategy.name)
    left = allocation_left_on(account)
    version = first_version(account.venue_id, {**default_values(strategy, left), **values})
    if version.allocation_pct > left and not over_allocate:
        raise AllocationExceeded(_("%(left)s %% of the account is left") % {"left": plain(left)})
    version.created_at = now
    version.save(force_insert=True)
    return CopySubscription.objects.create(
        user=user, strategy=strategy, account=account, settings=version, mode=mode
    )


def allocation_left_on(account: ExchangeAccount) -> Decimal:
    """Percent of the account's equity that no copy of it has been given."""
    rows = CopySubscription.objects.filter(account=account, status=SubscriptionStatus.ACTIVE)
    return allocation_left(list(rows.values_list("settings__allocation_pct", flat=True)))
