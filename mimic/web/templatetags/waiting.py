"""How long a question may still be answered; ``deadlines.js`` goes on from there."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django import template
from django.utils import timezone
from django.utils.translation import pgettext

register = template.Library()


class Waiting(Protocol):
    """A question as :func:`time_left` sees it."""

    def remaining_pct(self, now: datetime) -> int | None: ...


@register.filter
def seconds_left(until: datetime | None) -> str:
    """``42 s``; a dash without a deadline."""
    if not until:
        return "—"
    left = max(0, int((until - timezone.now()).total_seconds()))
    return f"{left} {pgettext('seconds', 's')}"


@register.filter
def time_left(question: Waiting | None) -> int:
    """Of the time given, in percent; all of it without a deadline."""
    left = question.remaining_pct(timezone.now()) if question else None
    return 100 if left is None else left
