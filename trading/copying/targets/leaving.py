"""A person takes one position of a copy for their own: no signal or repair closes it any more."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import MimicError
from trading.copying.targets.handing_over import hand_over
from trading.execution import budgets
from trading.models import CopySubscription, Order

LEFT = declare(
    "trading.copy.leave", gettext_lazy("A copy's position taken over by its person"),
    facts=["symbol"],
)  # fmt: skip


class OrderUnderWay(MimicError):
    """Expected: what becomes of the order is not known yet. Try again once it is settled."""

    code = "copy.order_under_way"
    status = 409
    title = _("An order of this copy is still under way there")


class NothingHeld(MimicError):
    """Expected: closed meanwhile, or taken over before."""

    code = "copy.nothing_held"
    status = 409
    title = _("This copy holds nothing there")


@transaction.atomic(durable=True)
def leave_leg(*, subscription: CopySubscription, symbol: str, now: datetime) -> None:
    """Command: what the copy holds in ``symbol`` is the person's own; what it opens later is not.

    Shares are locked before budgets, as where fills are booked; under the budget nobody writes an
    order. Raises :class:`NothingHeld`, :class:`OrderUnderWay`.
    """
    if not hand_over([subscription.pk], now, symbol=symbol):
        raise NothingHeld(symbol)
    budgets.lock([subscription.account_id])
    alive = Order.objects.filter(
        account=subscription.account_id, symbol=symbol, closed_at=None,
        subscription_id=subscription.pk,
    )  # fmt: skip
    if alive.exists():
        raise OrderUnderWay(symbol)
    record(LEFT, target=subscription, about=subscription.user, facts={"symbol": symbol})
