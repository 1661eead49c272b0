"""An order's state, and what changed it, in a person's words."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from trading.domain.orders import Cause, OrderStatus
from trading.models.orders import STATUS_LABELS

MEANINGS: Final[dict[str, Promise]] = {
    OrderStatus.PLANNED: _("Decided, and not sent yet: nothing of it reached the exchange."),
    OrderStatus.SENDING: _("On its way to the exchange, which has not answered yet."),
    OrderStatus.OPEN: _("The exchange has the order; its fills are awaited."),
    OrderStatus.PARTIALLY_FILLED: _("A part is filled; the rest is still at work."),
    OrderStatus.FILLED: _("Filled in full."),
    OrderStatus.REJECTED: _("Refused: nothing of it stands at the exchange."),
    OrderStatus.CANCELLED: _("Cancelled. What was filled before stays yours."),
    OrderStatus.EXPIRED: _("Ended before all of it was filled. What was filled stays yours."),
    OrderStatus.UNKNOWN: _(
        "The exchange gave no clear answer. It is asked about this very order until it tells; "
        "nothing is sent twice."
    ),
    OrderStatus.NEEDS_PERSON: _(
        "Still unclear whether the exchange has the order. Support looks; nothing is sent again."
    ),
}
"""What a state means for the person's money."""

CAUSES: Final[dict[str, Promise]] = {
    Cause.CLAIM: _("Taken to be sent"),
    Cause.RELEASE: _("Not placed for certain; may be sent again"),
    Cause.ACKNOWLEDGE: _("The exchange has it"),
    Cause.REFUSE: _("Refused"),
    Cause.LOSE: _("No clear answer"),
    Cause.GIVE_UP: _("Handed to support"),
    Cause.FILL: _("Filled in part"),
    Cause.COMPLETE: _("Filled in full"),
    Cause.CANCEL: _("Cancelled"),
    Cause.EXPIRE: _("Its time was over"),
}


def status_text(status: str) -> str:
    """The short name; a state that has none is shown as it is."""
    labels: dict[str, Promise] = {it.value: label for it, label in STATUS_LABELS.items()}
    return str(labels.get(status, status))


def cause_text(cause: str) -> str:
    return str(CAUSES.get(cause, cause))
