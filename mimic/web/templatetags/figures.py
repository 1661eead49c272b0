"""Numbers and times as people read them; ``static/js/format.js`` does the same in the browser.

Both sides work on decimal strings, round half away from zero, group by three with the marks of
the active locale and write a true minus (U+2212), so that a row drawn by the server and the same
row drawn by a socket message never differ. ``tests/web/test_design_formats.py`` runs one table
of cases through both.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, pgettext

register = template.Library()

MINUS = "\u2212"
NOTHING = "\u2014"
TICKS = {"up": "▲", "down": "▼", "flat": ""}
MAX_DIGITS = 8


def _decimal(value: object) -> Decimal | None:
    """A finite Decimal, or None for anything that is not a number (None and "" among them)."""
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _marks() -> tuple[str, str]:
    """The active locale's decimal and thousands marks."""
    return (
        str(formats.get_format("DECIMAL_SEPARATOR")),
        str(formats.get_format("THOUSAND_SEPARATOR")),
    )


def _digits(number: Decimal, least: int, most: int, *, signed: bool = False) -> str:
    """Grouped digits with ``least`` to ``most`` decimals; zero never carries a sign."""
    rounded = number.quantize(Decimal(1).scaleb(-most), rounding=ROUND_HALF_UP)
    whole, _, fraction = f"{abs(rounded):f}".partition(".")
    fraction = fraction[:least] + fraction[least:].rstrip("0")
    decimal_mark, group_mark = _marks()
    groups = f"{int(whole):,}".replace(",", group_mark)
    text = groups + (decimal_mark + fraction if fraction else "")
    if rounded < 0:
        return MINUS + text
    return "+" + text if signed and rounded > 0 else text


def _price_decimals(number: Decimal) -> tuple[int, int]:
    """Least and most decimals of a price whose instrument's tick is not known."""
    size = abs(number)
    if size >= 1000:
        return 2, 2
    return (2, 4) if size >= 1 else (2, MAX_DIGITS)


@register.filter
def money(value: object) -> str:
    """``12422.8`` → ``12,422.80``: an amount of account currency."""
    number = _decimal(value)
    return NOTHING if number is None else _digits(number, 2, 2)


@register.filter
def quantity(value: object) -> str:
    """``0.0140`` → ``0.014``: base units without trailing zeros."""
    number = _decimal(value)
    return NOTHING if number is None else _digits(number, 0, MAX_DIGITS)


@register.filter
def percent(value: object) -> str:
    """``3.10`` → ``3.1%``; the value is already in percent."""
    number = _decimal(value)
    return NOTHING if number is None else _digits(number, 0, 2) + "%"


@register.filter
def signed_percent(value: object) -> str:
    """``2.3`` → ``+2.30%``."""
    number = _decimal(value)
    return NOTHING if number is None else _digits(number, 2, 2, signed=True) + "%"


@register.filter
def ratio(value: object) -> str:
    """``2.10`` → ``2.1``: reward to risk."""
    number = _decimal(value)
    return NOTHING if number is None else _digits(number, 1, 1)


@register.filter
def unsigned(value: object) -> Decimal | None:
    """For a figure whose words say which way it went."""
    number = _decimal(value)
    return None if number is None else abs(number)


@register.filter
def plain(value: object) -> str:
    """A number as HTML attributes want it: a dot, no grouping, no exponent; nothing is 0."""
    number = _decimal(value)
    return "0" if number is None else f"{number:f}"


@register.simple_tag
def price(value: object, digits: object = None) -> str:
    """A price in quote currency; ``digits`` are the decimals of the instrument's tick, if known."""
    number = _decimal(value)
    if number is None:
        return NOTHING
    if isinstance(digits, int):
        return _digits(number, digits, digits)
    return _digits(number, *_price_decimals(number))


@register.filter
def direction(value: object) -> str:
    """``up``, ``down`` or ``flat``, by the sign of what is shown (two decimals)."""
    number = _decimal(value)
    cents = Decimal(0) if number is None else number.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if not cents:
        return "flat"
    return "up" if cents > 0 else "down"


@register.filter
def pnl(value: object) -> SafeString:
    """``-11.93`` → ``▼ −11.93`` in the colour of its direction; sign and tick say it as well."""
    number = _decimal(value)
    text = NOTHING if number is None else _digits(number, 2, 2, signed=True)
    way = direction(value)
    return format_html(
        '<span class="pnl" data-direction="{}">'
        '<span class="tick" aria-hidden="true">{}</span>{}</span>',
        way,
        TICKS[way],
        text,
    )


@register.filter
def milliseconds(value: object) -> str:
    """``412`` → ``412 ms``; from ten seconds on ``12.4 s``."""
    number = _decimal(value)
    if number is None:
        return NOTHING
    if abs(number) >= 10_000:
        return f"{_digits(number / 1000, 1, 1)} {pgettext('seconds', 's')}"
    return f"{_digits(number, 0, 0)} {pgettext('milliseconds', 'ms')}"


@register.filter
def age(value: datetime | None) -> str:
    """How long ago: ``5 s``, ``3 min``, ``2 h``, ``4 d``."""
    if not value:
        return NOTHING
    seconds = max(0, int((timezone.now() - value) / timedelta(seconds=1)))
    for size, unit in (
        (86_400, pgettext("days", "d")),
        (3_600, pgettext("hours", "h")),
        (60, pgettext("minutes", "min")),
    ):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} {pgettext('seconds', 's')}"


@register.filter
def iso(value: datetime | None) -> str:
    """RFC 3339 in UTC with milliseconds, as machines and ``format.js`` read it."""
    if not value:
        return ""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@register.filter
def moment(value: datetime | None) -> SafeString:
    """A ``<time>`` in the person's zone (today the clock, else with date); UTC in its tooltip."""
    if not value:
        return format_html("{}", NOTHING)
    local = timezone.localtime(value)
    today = local.date() == timezone.localtime().date()
    text = local.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M")
    return _time_element(value, text)


@register.filter
def exact_moment(value: datetime | None, timespec: str = "milliseconds") -> SafeString:
    """A ``<time>`` with date and clock in the person's zone, UTC in its tooltip. ``timespec`` is
    that of ``isoformat``: what people did needs no more than seconds.
    """
    if not value:
        return format_html("{}", NOTHING)
    local = timezone.localtime(value).replace(tzinfo=None)
    return _time_element(value, local.isoformat(sep=" ", timespec=timespec))


def _time_element(value: datetime, text: str) -> SafeString:
    utc = f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    return format_html('<time datetime="{}" title="{}">{}</time>', iso(value), utc, text)


@register.simple_tag
def number_marks() -> dict[str, str]:
    """The locale's marks for ``format.js``: ``{"decimal": …, "group": …}``."""
    decimal_mark, group_mark = _marks()
    return {"decimal": decimal_mark, "group": group_mark}


@register.filter
def side_label(side: str) -> str:
    """``Long`` or ``Short``, in the person's language."""
    return {"long": gettext("Long"), "short": gettext("Short")}.get(side, side)
