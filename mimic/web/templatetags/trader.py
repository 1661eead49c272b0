"""What the trader's pages need besides figures: appearance, words for scripts, labels, hops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

from django import template
from django.forms import BoundField, CheckboxInput
from django.http import HttpRequest
from django.template import Context
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_lazy, pgettext

from mimic.core.context import known_user
from mimic.web.places import Shown, shown_places

register = template.Library()

THEMES: Final[dict[str, str | Promise]] = {
    "dark-trader": gettext_lazy("Dark Trader"),
    "professional": gettext_lazy("Professional"),
    "gold-minimal": gettext_lazy("Gold Minimal"),
}
OUTCOMES: Final[dict[str, str | Promise]] = {
    "executed": gettext_lazy("Executed"),
    "pending": gettext_lazy("Pending"),
    "skipped": gettext_lazy("Skipped"),
    "refused": gettext_lazy("Refused"),
    "failed": gettext_lazy("Failed"),
    "unknown": gettext_lazy("Unknown"),
}
# A tone decides colour and icon of a badge; the label always stands beside both.
OUTCOME_TONES: Final = {
    "executed": "up",
    "pending": "info",
    "skipped": "neutral",
    "refused": "warn",
    "failed": "down",
    "unknown": "warn",
}
# Statuses of an order that are neither good nor bad stay neutral.
ORDER_TONES: Final = {
    "filled": "up",
    "partially_filled": "info",
    "open": "info",
    "sent": "info",
    "pending": "info",
    "rejected": "down",
    "unknown": "warn",
    "needs_person": "warn",
}
ATTEMPT_TONES: Final = {
    "confirmed": "up",
    "refused": "down",
    "unknown": "warn",
    "sending": "info",
}


@dataclass(frozen=True, slots=True)
class Appearance:
    """``vision`` is "" or "cb" (colour-blind pair), ``rising`` is "green" or "red"."""

    theme: str
    vision: str
    rising: str


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a receipt's life; times in milliseconds, None while it has not happened."""

    key: str
    label: str
    at: datetime | None
    since_previous_ms: int | None
    since_start_ms: int | None


@dataclass(frozen=True, slots=True)
class RiskState:
    """The sentence over the risk budget and its tone."""

    label: str
    tone: str


class Used(Protocol):
    """A limit as :func:`risk_state` sees it."""

    @property
    def percent(self) -> Decimal | None: ...


class Timed(Protocol):
    """A receipt as :func:`hops` sees it."""

    @property
    def received_at(self) -> datetime: ...
    @property
    def decided_at(self) -> datetime | None: ...
    @property
    def sent_at(self) -> datetime | None: ...
    @property
    def acknowledged_at(self) -> datetime | None: ...


@register.simple_tag(takes_context=True)
def appearance(context: Context) -> Appearance:
    """What was chosen in this browser (cookies from ``page.js``), else what the account says.

    Drawn by the server, so that nothing flashes. Pages of errors use it too: it looks nobody up.
    """
    request = context.get("request")
    cookies = request.COOKIES if isinstance(request, HttpRequest) else {}
    person = known_user(request)
    theme = cookies.get("mimic_theme") or getattr(person, "theme", "")
    vision = cookies.get("mimic_vision") or ("cb" if getattr(person, "colour_blind", 0) else "")
    rising = cookies.get("mimic_rising") or ("red" if getattr(person, "red_is_up", 0) else "")
    return Appearance(
        theme=theme if theme in THEMES else "dark-trader",
        vision="cb" if vision == "cb" else "",
        rising="red" if rising == "red" else "green",
    )


@register.simple_tag
def themes() -> list[tuple[str, str]]:
    """Choices of the theme select."""
    return [(key, str(label)) for key, label in THEMES.items()]


@register.simple_tag
def places() -> list[Shown]:
    """Where a trader can go; the pages that exist."""
    return shown_places()


@register.simple_tag
def outcomes() -> list[tuple[str, str]]:
    """Choices of the receipt filter."""
    return [(key, str(label)) for key, label in OUTCOMES.items()]


@register.filter
def outcome_label(outcome: str) -> str:
    """A receipt's outcome in the person's language."""
    return str(OUTCOMES.get(outcome, outcome))


@register.filter
def outcome_tone(outcome: str) -> str:
    """The badge tone of an outcome."""
    return OUTCOME_TONES.get(outcome, "neutral")


@register.filter
def order_tone(status: str) -> str:
    """The badge tone of an order's status."""
    return ORDER_TONES.get(status, "neutral")


@register.filter
def attempt_tone(outcome: str) -> str:
    """The badge tone of how a POST ended."""
    return ATTEMPT_TONES.get(outcome, "neutral")


@register.filter
def load_tone(percent: Decimal | None) -> str:
    """How near a limit is: ``up`` below 70 %, ``warn`` below 100 %, then ``down``."""
    if percent is None or percent < 70:
        return "up"
    return "warn" if percent < 100 else "down"


@register.simple_tag
def risk_state(limits: Iterable[Used]) -> RiskState:
    """One word for the whole budget: the worst of its limits."""
    worst = max((limit.percent or Decimal(0) for limit in limits), default=Decimal(0))
    tone = load_tone(worst)
    labels = {
        "up": gettext("Within limits"),
        "warn": gettext("Near a limit"),
        "down": gettext("Limit reached"),
    }
    return RiskState(labels[tone], tone)


@register.simple_tag
def hops(receipt: Timed) -> list[Hop]:
    """The four timestamps of a receipt with the milliseconds between them."""
    stations = (
        ("received", gettext("Received"), receipt.received_at),
        ("decided", gettext("Decided"), receipt.decided_at),
        ("sent", gettext("Sent"), receipt.sent_at),
        ("acknowledged", gettext("Acknowledged"), receipt.acknowledged_at),
    )
    found: list[Hop] = []
    previous: datetime | None = None
    for key, label, at in stations:
        found.append(Hop(key, label, at, _ms(previous, at), _ms(receipt.received_at, at)))
        previous = at or previous
    return found


def _ms(start: datetime | None, end: datetime | None) -> int | None:
    return None if start is None or end is None else (end - start) // timedelta(milliseconds=1)


@register.simple_tag
def client_words() -> dict[str, str]:
    """Texts that scripts write; read by ``format.js`` from a JSON data block."""
    words = {
        "live": gettext("Live"),
        "connecting": gettext("Connecting"),
        "stale": gettext("Stale {seconds} s"),
        "offline": gettext("Offline"),
        "long": gettext("Long"),
        "short": gettext("Short"),
        "copied": gettext("Copied"),
        "back_live": gettext("Live again. Figures are up to date."),
        "lost": gettext("Connection lost. Figures may be old; Panic still works."),
        "new_signal": gettext("New signal: {symbol}"),
        "approval_asked": gettext("Waits for you: {symbol}"),
        "too_late": gettext("Too late"),
        "no_chart": gettext("The equity curve could not be loaded. Nothing else is affected."),
        "chart_summary": gettext("From {first} to {last}, lowest {low}, highest {high}."),
        "d": pgettext("days", "d"),
        "h": pgettext("hours", "h"),
        "min": pgettext("minutes", "min"),
        "s": pgettext("seconds", "s"),
        "ms": pgettext("milliseconds", "ms"),
    }
    return words | {f"outcome_{key}": str(label) for key, label in OUTCOMES.items()}


@register.filter
def is_checkbox(field: BoundField) -> bool:
    """Whether a form field draws its label after itself."""
    return isinstance(field.field.widget, CheckboxInput)


@register.filter
def styled(field: BoundField) -> SafeString:
    """A form field's widget with our class; Django adds ``aria-invalid`` and the rest."""
    return field.as_widget(attrs={"class": "choice" if is_checkbox(field) else "input"})
