"""Where a subscription's status changes: one table, one mutator."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import MimicError
from trading.copying.settings import take_share
from trading.models import CopyMode, CopySubscription, SubscriptionStatus

CHANGED = declare(
    "trading.copy.change", gettext_lazy("Copying paused or resumed by a person"), facts=["change"]
)


class WrongStatus(MimicError):
    """Expected: the copy was stopped, or is ending. Follow the strategy anew."""

    code = "subscription.wrong_status"
    status = 409
    title = _("The copy's status does not allow this")


class Change(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    WIND_DOWN = "wind_down"
    END = "end"


_S = SubscriptionStatus
TABLE: dict[Change, tuple[frozenset[SubscriptionStatus], SubscriptionStatus]] = {
    # Paused copies open nothing; closes still reach them.
    Change.PAUSE: (frozenset({_S.ACTIVE, _S.PAUSED}), _S.PAUSED),
    Change.RESUME: (frozenset({_S.ACTIVE, _S.PAUSED}), _S.ACTIVE),
    # A copy that is ending opens nothing; closes still reach it, and it ends once it is flat.
    Change.WIND_DOWN: (frozenset({_S.ACTIVE, _S.PAUSED, _S.CLOSING}), _S.CLOSING),
    Change.STOP: (frozenset({_S.ACTIVE, _S.PAUSED, _S.CLOSING}), _S.STOPPED),
    Change.END: (frozenset({_S.CLOSING}), _S.STOPPED),
}


def pause_all_of(user_id: int) -> None:
    """Operation: nothing of this person's is copied any more; what is open keeps its stops."""
    change = TABLE[Change.PAUSE]
    CopySubscription.objects.filter(user_id=user_id, status__in=change[0]).update(status=change[1])


@transaction.atomic(durable=True)
def change_subscription(
    *, subscription: CopySubscription, change: Change, over_allocate: bool = False
) -> SubscriptionStatus:
    """Command: pause or resume; done twice it is done once. Raises :class:`WrongStatus` and, when
    a resumed copy's share is gone, ``AllocationExceeded``, unless ``over_allocate``.
    """
    if change is Change.RESUME:
        take_share(subscription=subscription, over_allocate=over_allocate)
    if not move_copies([subscription.pk], change):
        raise WrongStatus(subscription.get_status_display())
    facts = {"change": change.value}
    record(CHANGED, target=subscription, about=subscription.user, facts=facts)
    return TABLE[change][1]


def move_copies(subscription_ids: Collection[int], change: Change, **beside: str) -> int:
    """Operation: the conditional update of those that are in a status which allows it; how many.

    ``beside`` is what is written with the status.
    """
    sources, became = TABLE[change]
    rows = CopySubscription.objects.filter(pk__in=subscription_ids, status__in=sources)
    return rows.update(status=became, status_reason="", **beside)


@transaction.atomic(durable=True)
def change_mode(*, subscription: CopySubscription, mode: CopyMode) -> None:
    """Command: by itself, after asking, or shown alone, from the next decision on; what waits for
    an answer goes on waiting. Raises :class:`WrongStatus` for a copy that was stopped.
    """
    rows = CopySubscription.objects.filter(pk=subscription.pk)
    if not rows.filter(status__in=TABLE[Change.PAUSE][0]).update(mode=mode):
        raise WrongStatus(subscription.get_status_display())


class Reason(StrEnum):
    """Why copies of an account were paused, when no person did it."""

    HEDGE = "drift.hedge"
    MARGIN_MODE = "drift.margin_mode"
    LIQUIDATED = "drift.liquidated"
    KEYS = "drift.keys"


REASONS: dict[str, Any] = {
    Reason.HEDGE: _("The position mode was changed at the exchange"),
    Reason.MARGIN_MODE: _("The margin mode was changed at the exchange"),
    Reason.LIQUIDATED: _("The exchange closed a position by force"),
    Reason.KEYS: _("The exchange refused the keys"),
}
"""In a person's words; tagged here, translated where they are shown."""


def pause_copies(*, account_ids: Collection[int], reason: Reason) -> int:
    """Operation: pause what is active on these accounts; returns how many copies. Positions keep
    what protects them, closes still reach them; a person resumes by hand.
    """
    sources, became = TABLE[Change.PAUSE]
    rows = CopySubscription.objects.filter(
        account_id__in=account_ids, status__in=sources - {became}
    )
    return rows.update(status=became, status_reason=reason.value)
