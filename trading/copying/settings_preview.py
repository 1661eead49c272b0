"""A preview as pages and the API show it: each signal told before and after, and what is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from signals.models import Signal
from trading.copying.preview import preview_settings
from trading.copying.preview_wording import Told, told
from trading.copying.settings import allocation_left_for
from trading.models import CopySubscription


@dataclass(frozen=True, slots=True)
class Compared:
    signal: Signal
    before: Told
    after: Told

    @property
    def differs(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Preview:
    """``allocation_left_pct``: what the account's other copies leave to this one."""

    results: list[Compared]
    allocation_left_pct: Decimal


def preview_of(
    *, subscription: CopySubscription, values: Mapping[str, Any], now: datetime
) -> Preview:
    """Selector. Raises :class:`trading.copying.settings.SettingsInvalid`."""
    shown = preview_settings(subscription=subscription, values=values, now=now)
    results = [
        Compared(each.signal, told(each.before, each.signal), told(each.after, each.signal))
        for each in shown
    ]
    return Preview(results, allocation_left_for(subscription))
