"""Figures as people read them, the same in every list: money, percent, price, age.

A true minus (U+2212), grouping by locale, no trailing zeros of storage. A change carries its sign
and ▲ or ▼, so that colour is never the only sign.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

NOTHING = "—"
_MINUS = "\N{MINUS SIGN}"
_FIAT = frozenset({"USD", "EUR", "GBP", "UAH", "USDT", "USDC"})
_COIN_PLACES = 8


def _grouped(value: Decimal, places: int) -> str:
    return number_format(abs(value), decimal_pos=places, use_l10n=True, force_grouping=True)


def _signed(value: Decimal, text: str, change: bool) -> str:
    if value == 0:
        return text
    if not change:
        return _MINUS + text if value < 0 else text
    return f"▲ +{text}" if value > 0 else f"▼ {_MINUS}{text}"


def show_money(amount: Decimal | None, currency: str, *, change: bool = False) -> str:
    """``1,234.50 USDT``. Two places for fiat and stablecoins, up to eight for coins."""
    if amount is None:
        return NOTHING
    places = 2 if currency in _FIAT else _places(amount, at_most=_COIN_PLACES)
    rounded = amount.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return f"{_signed(rounded, _grouped(rounded, places), change)} {currency}"


def show_percent(value: Decimal | None, *, places: int = 2, change: bool = False) -> str:
    """``value`` is in percent: 2 shows as ``2.00 %``."""
    if value is None:
        return NOTHING
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return f"{_signed(rounded, _grouped(rounded, places), change)} %"


def show_price(value: Decimal | None, *, tick: Decimal | None = None) -> str:
    """With the tick's number of places; without a tick, as many as the price has."""
    if value is None:
        return NOTHING
    places = _places(value if tick is None else tick, at_most=18)
    return _signed(value, _grouped(value, places), change=False)


def show_age(moment: datetime | None, now: datetime) -> str:
    """How long ago: ``12 s``, ``5 min``, ``3 h``, ``2 d``. Both aware."""
    if moment is None:
        return NOTHING
    seconds = max(0, int((now - moment).total_seconds()))
    for size, text in (
        (86_400, gettext("%d d")),
        (3_600, gettext("%d h")),
        (60, gettext("%d min")),
    ):
        if seconds >= size:
            return text % (seconds // size)
    return gettext("%d s") % seconds


def show_label(text: str, tone: str = "neutral") -> SafeString:
    """A coloured label. ``tone`` is up, down, warn, info or neutral; the text says it as well."""
    return format_html('<span class="console-label" data-tone="{}">{}</span>', tone, text)


def _places(value: Decimal, *, at_most: int) -> int:
    exponent = value.normalize().as_tuple().exponent
    return min(max(0, -exponent), at_most) if isinstance(exponent, int) else 0
