"""Stop and targets of a signal, as they were said or moved since."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from mimic.audit.actions import declare
from mimic.audit.services import record
from signals.models import Signal
from signals.services.publish import Target

MOVED = declare(
    "signals.exits.move",
    _("Stop or targets of a signal moved"),
    facts=["was_stop", "stop", "was_target", "target"],
)


class Exits(NamedTuple):
    """Percent of price away from the entry, targets nearest first. Nothing: not said."""

    stop_loss_pct: Decimal | None
    targets: tuple[Target, ...] = ()

    @property
    def take_profit_pct(self) -> Decimal | None:
        """The nearest target."""
        return self.targets[0].pct if self.targets else None

    @property
    def ladder(self) -> tuple[Target, ...]:
        """The targets, where there are several."""
        return self.targets if len(self.targets) > 1 else ()


NO_EXITS = Exits(None)


@transaction.atomic
def move_exits(*, signal: Signal, exits: Exits) -> bool:
    """Operation: what is said now takes the place of what was; what is not said stays.

    False if that changes nothing.
    """
    held = Signal.objects.select_for_update(of=("self",), no_key=True).get(pk=signal.pk)
    before = (held.stop_loss_pct, held.take_profit_pct, held.targets)
    if exits.stop_loss_pct is not None:
        held.stop_loss_pct = exits.stop_loss_pct
    if exits.targets:
        held.take_profit_pct = exits.take_profit_pct
        held.targets = [{"pct": str(t.pct), "share": str(t.share)} for t in exits.ladder]
    if before == (held.stop_loss_pct, held.take_profit_pct, held.targets):
        return False
    held.save(update_fields=["stop_loss_pct", "take_profit_pct", "targets"])
    facts = {
        "was_stop": _said(before[0]),
        "stop": _said(held.stop_loss_pct),
        "was_target": _said(before[1]),
        "target": _said(held.take_profit_pct),
    }
    record(MOVED, target=held, facts=facts)
    return True


def _said(pct: Decimal | None) -> str:
    return "" if pct is None else f"{pct:f}"
