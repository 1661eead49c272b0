"""One field of an alert at a time: found by any of its names, read strictly, refused by name."""

from __future__ import annotations

import re
from decimal import Decimal

from signals.ingest.errors import AlertFieldInvalid, AlertFieldMissing
from signals.ingest.tradingview.message import Field, Fields
from signals.ingest.tradingview.names import ALIASES

_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?"
)
PRICES = (Decimal("1e-12"), Decimal("1e9"))


def find(fields: Fields, name: str) -> Field | None:
    """The first field that goes by one of the name's aliases and says something."""
    for alias in ALIASES.get(name, (name,)):
        if alias in fields and fields[alias].said:
            return fields[alias]
    return None


def required(fields: Fields, name: str) -> Field:
    """Raises :class:`AlertFieldMissing`."""
    found = find(fields, name)
    if found is None:
        raise AlertFieldMissing(f"{name} is missing; symbol and action are needed")
    return found


def number(fields: Fields, name: str, low: Decimal, high: Decimal) -> Decimal | None:
    """Plain ASCII digits of a bounded length: Decimal itself reads ``1_000``, NaN and 1e9999.

    Raises :class:`AlertFieldInvalid`.
    """
    field = find(fields, name)
    if field is None:
        return None
    if not _NUMBER.fullmatch(field.said):
        raise AlertFieldInvalid(f"{name} {field.shown[:40]!r} is not a number")
    value = Decimal(field.said)
    if not low <= value <= high:
        raise AlertFieldInvalid(f"{name} {field.shown[:40]} is outside {low} to {high}")
    return value
