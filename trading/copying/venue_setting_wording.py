"""How an account stands at its venue, as the people whose copies trade on it read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trading.execution.venue_settings import CHANGED, NO_ANSWER
from trading.models import CopySubscription, SettingState, VenueSetting

Words = Any  # a text, translated when it is shown

TONES: Mapping[str, str] = {
    SettingState.PLANNED: "info",
    SettingState.SET: "up",
    SettingState.REFUSED: "warn",
    SettingState.CHANGED: "warn",
    SettingState.NO_ANSWER: "warn",
}
_REASONS: Mapping[str, Words] = {
    CHANGED: gettext_lazy("It was changed at the exchange, and is left so."),
    NO_ANSWER: gettext_lazy("The exchange did not answer; it is asked again."),
    "venue.mode_has_exposure": gettext_lazy(
        "The exchange changes it only without open positions and orders."
    ),
    "venue.leverage": gettext_lazy("The exchange does not allow this leverage."),
    "venue.auth": gettext_lazy("The keys may not change it."),
}


@dataclass(frozen=True, slots=True)
class AtVenue:
    """One instrument: what the copies want, what the exchange told, and why they differ.

    ``leverage`` is None until it told; sizes count on the smaller of the two, and on 1 until then.
    """

    symbol: str
    wanted: int
    leverage: int | None
    margin_mode: str
    state: str
    tone: str
    reason: str
    read_at: datetime | None


def settings_at_venue(row: CopySubscription) -> list[AtVenue]:
    """Of the copy's account, by symbol. One query."""
    rows = VenueSetting.objects.filter(account_id=row.account_id).order_by("symbol")
    return [
        AtVenue(
            each.symbol,
            each.wanted,
            each.leverage,
            each.get_margin_mode_display(),
            each.get_state_display(),
            TONES[each.state],
            reason_of(each),
            each.read_at,
        )
        for each in rows
    ]


def reason_of(row: VenueSetting) -> str:
    """Why it is not as wanted; empty where it is, or where nobody has asked yet."""
    if not row.code:
        return ""
    known = _REASONS.get(row.code)
    if known is not None:
        return str(known)
    return row.message or _("The exchange refused it: %(code)s") % {"code": row.code}
