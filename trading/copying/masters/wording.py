"""How a master stands, what it did and why that was not mirrored, in a person's words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import gettext_noop as _

from signals.ingest.errors import AlertUnknownSymbol, StrategyNotActive
from trading.copying.masters.connecting import Change
from trading.copying.masters.standing import Standing
from trading.domain.mirroring import Why, shift
from trading.domain.ports import Side
from trading.domain.receipts import plain
from trading.domain.sizing import HUNDRED
from trading.models import MasterMove

_SHOWN = Decimal("0.01")

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
    StrategyNotActive.code: _("The strategy is not active"),
    AlertUnknownSymbol.code: _("No exchange here trades that symbol"),
}
"""Tagged here, translated where they are shown."""


class Words(NamedTuple):
    """``tone`` of the badge, its word, and what follows from it."""

    tone: str
    name: Any
    meaning: Any


STANDINGS: dict[Standing, Words] = {
    Standing.MIRRORED: Words(
        "up", lazy("Mirrored"), lazy("What this account trades becomes a signal at once.")
    ),
    Standing.PREVIEW: Words(
        "info",
        lazy("Preview"),
        lazy("What this account trades is written down as signals. Nobody gets them yet."),
    ),
    Standing.PAUSED: Words(
        "warn", lazy("Paused"), lazy("What it opens is not mirrored. What it closes still is.")
    ),
    Standing.OFFLINE: Words(
        "warn",
        lazy("Not all is told"),
        lazy("The exchange does not tell us all of this account: opens wait, closes are mirrored."),
    ),
    Standing.STRATEGY: Words(
        "down", lazy("Strategy not active"),
        lazy("The strategy takes no signals: neither opens nor closes reach anybody."),
    ),
    Standing.ACCOUNT: Words(
        "down", lazy("Account not in use"),
        lazy("The exchange account is not active, so nothing of it is heard, not even closes."),
    ),
    Standing.DISCONNECTED: Words(
        "neutral", lazy("Disconnected"), lazy("Nothing of this account is mirrored any more.")
    ),
}  # fmt: skip


class Asked(NamedTuple):
    """A change as its button says it, and what follows; ``done`` once it is so."""

    name: Any
    consequences: Any
    done: Any


CHANGES: dict[Change, Asked] = {
    Change.PAUSE: Asked(
        lazy("Pause"),
        lazy("What the master opens is not mirrored. What it closes still is."),
        lazy("Paused. What it closes is still mirrored."),
    ),
    Change.RESUME: Asked(
        lazy("Resume"),
        lazy("What the master opens is mirrored again. What it opened meanwhile is not made up."),
        lazy("Resumed, from the next trade on."),
    ),
    Change.PREVIEW: Asked(
        lazy("Back to preview"),
        lazy("Followers get nothing more, not even closes: what they hold stays open."),
        lazy("In preview: signals are written, and nobody gets them."),
    ),
    Change.PUBLISH: Asked(
        lazy("Publish"),
        lazy("What the master trades from now on is copied by everybody who follows."),
        lazy("Published, from the next trade on."),
    ),
    Change.DISCONNECT: Asked(
        lazy("Disconnect"),
        lazy("Nothing of the account is mirrored any more, not even closes: what followers hold "
             "stays open until another signal or they themselves close it."),
        lazy("Disconnected."),
    ),
}  # fmt: skip


def reason_of(code: str) -> str:
    """One sentence; the code itself where the door has given it; empty for none."""
    return gettext(REASONS[code]) if code in REASONS else code


def deed_of(move: MasterMove) -> str:
    """What it did to the master's position, mirrored or not; empty for money that moved."""
    if not move.symbol:
        return ""
    buys = move.side == Side.BUY
    close_pct, opens = shift(move.held_before, move.quantity if buys else -move.quantity)
    parts = []
    if close_pct is not None:
        part = {"part": plain(close_pct.quantize(_SHOWN))}
        whole = close_pct >= HUNDRED
        parts.append(gettext("Closed all") if whole else gettext("Closed %(part)s%%") % part)
    if opens:
        told = {"quantity": plain(opens)}
        long, short = gettext("Opened %(quantity)s long"), gettext("Opened %(quantity)s short")
        parts.append((long if buys else short) % told)
    return " · ".join(parts)
