"""Where a subscription's status changes: one table, one mutator."""

from __future__ import annotations

from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext_noop as _

from mimic.core.errors import MimicError
from trading.models import CopySubscription, SubscriptionStatus


class WrongStatus(MimicError):
    """Expected: the copy was stopped for good. Follow the strategy anew."""

    code = "subscription.wrong_status"
    status = 409
    title = _("The copy's status does not allow this")


class Change(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"


_S = SubscriptionStatus
TABLE: dict[Change, tuple[frozenset[SubscriptionStatus], SubscriptionStatus]] = {
    # Paused copies open nothing; closes still reach them.
    Change.PAUSE: (frozenset({_S.ACTIVE, _S.PAUSED}), _S.PAUSED),
    Change.RESUME: (frozenset({_S.ACTIVE, _S.PAUSED}), _S.ACTIVE),
}


def pause_all_of(user_id: int) -> None:
    """Operation: nothing of this person's is copied any more; what is open keeps its stops."""
    change = TABLE[Change.PAUSE]
    CopySubscription.objects.filter(user_id=user_id, status__in=change[0]).update(status=change[1])


@transaction.atomic(durable=True)
def change_subscription(*, subscription: CopySubscription, change: Change) -> SubscriptionStatus:
    """Command: pause or resume; done twice it is done once. Raises :class:`WrongStatus`."""
    sources, became = TABLE[change]
    rows = CopySubscription.objects.filter(pk=subscription.pk, status__in=sources)
    if not rows.update(status=became):
        raise WrongStatus(subscription.get_status_display())
    return became
