"""Stops and repairs in a person's words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trading.copying.settings_wording import reason_name
from trading.copying.targets.selectors import OpenLeg
from trading.domain.repairs import RepairState
from trading.models import Repair, StopWay

MEANINGS: dict[StopWay, Any] = {
    StopWay.KEEP: _(
        "Nothing is traded. What the copy holds is yours from now on: no signal closes it, and "
        "its stop is yours to watch."
    ),
    StopWay.CLOSE_NOW: _(
        "Everything the copy holds is closed at market, at once. What you hold beside it is not "
        "touched. A close that fails is tried again until it is done."
    ),
    StopWay.CLOSE_LATER: _(
        "Nothing new is opened. What is open follows the strategy until it is closed; then the "
        "copy ends by itself."
    ),
}
_HAPPENS: dict[StopWay, Any] = {
    StopWay.KEEP: _("Stays open, as your own"),
    StopWay.CLOSE_NOW: _("Closed at market now"),
    StopWay.CLOSE_LATER: _("Stays until the strategy closes it"),
}
TONES = {
    RepairState.DONE.value: "up",
    RepairState.FAILED.value: "down",
    RepairState.RESIDUAL.value: "warn",
    RepairState.WORKING.value: "info",
}


def what_happens(way: StopWay, leg: OpenLeg) -> str:
    """One sentence for one open leg, before the person says yes."""
    if way is not StopWay.KEEP and leg.too_small:
        return gettext("Too small to trade there: becomes your own")
    if way is StopWay.CLOSE_NOW and leg.orders:
        return gettext("Closed at market once its order under way is settled")
    return str(_HAPPENS[way])


def outcome_line(row: Repair) -> str:
    """Why it stands as it does; empty where there is no more to say than its state."""
    return reason_name(row.code) if row.code else ""
