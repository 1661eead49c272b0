"""Why a master's move was not mirrored, in a person's words."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from trading.domain.mirroring import Why

REASONS: dict[str, Any] = {
    Why.BEFORE: _("Traded before the account became a master"),
    Why.OURS: _("An order of ours"),
    Why.NO_COPY: _("Marked as not to be copied"),
    Why.SYMBOL: _("A symbol that is not mirrored"),
    Why.UNEXPLAINED: _("Held at the exchange, and no trade of it was seen"),
    Why.PAUSED: _("What it opens is not mirrored while the master is paused"),
    Why.OFFLINE: _("What it opens is not mirrored while the exchange does not tell us all"),
    Why.TOO_OLD: _("What it opened is too old to be copied"),
    Why.FUNDING: _("Funding was paid or received"),
    Why.TRANSFER: _("Money came or went"),
}
"""Tagged here, translated where they are shown."""


def reason_of(code: str) -> str:
    """One sentence; the code itself where the door has given it; empty for none."""
    return gettext(REASONS[code]) if code in REASONS else code
