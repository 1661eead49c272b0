"""Fields of an alert into what a signal needs; the strategy's defaults fill the rest.

Fields and figures: ../shared/spec/signals.md, "Webhook fields".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from signals.ingest.errors import (
    AlertFieldInvalid,
    AlertFieldMissing,
    AlertPlaceholder,
    AlertUnknownSymbol,
)
from signals.ingest.tradingview.meaning import Held, Intent, Stance, meaning
from signals.ingest.tradingview.message import Field, Fields
from signals.ingest.tradingview.names import ALIASES
from signals.models import Action, Direction
from signals.services.publish import SignalDraft

_WORDS = {
    "long": (Action.OPEN, Direction.LONG),
    "short": (Action.OPEN, Direction.SHORT),
    "close": (Action.CLOSE, Direction.ANY),
    "flat": (Action.CLOSE, Direction.ANY),
    "close_long": (Action.CLOSE, Direction.LONG),
    "close_short": (Action.CLOSE, Direction.SHORT),
}
_SYMBOL = re.compile(
    r"^(?:[A-Z0-9_]+:)?([A-Z0-9]{2,20})(?:/([A-Z0-9]{2,10})(?::[A-Z0-9]+)?)?(?:\.P)?$"
)
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,4})?"
)
_LARGEST = Decimal("1e18")
_LEVERAGE = (Decimal(1), Decimal(125))
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def understand(fields: Fields, known_symbol: Callable[[str], bool]) -> SignalDraft:
    """Raises an :class:`AlertRefused` that names the field at fault."""
    _refuse_placeholders(fields)
    symbol = _symbol(_required(fields, "symbol"), known_symbol)
    first, *rest = _intents(fields)
    leverage = _number(fields, "leverage", *_LEVERAGE)
    if leverage is not None and leverage != leverage.to_integral_value():
        raise AlertFieldInvalid(f"leverage {leverage} is not a whole number")
    comment = _find(fields, "comment")
    draft = SignalDraft(
        symbol=symbol,
        action=first.action,
        direction=first.direction,
        price=_number(fields, "price", Decimal("1e-12"), Decimal("1e9")),
        risk_pct=_number(fields, "risk_perc", Decimal("0.01"), Decimal(100)),
        leverage=None if leverage is None else int(leverage),
        take_profit_pct=_number(fields, "tp_perc", Decimal("0.01"), Decimal(1000)),
        stop_loss_pct=_number(fields, "sl_perc", Decimal("0.01"), Decimal(99)),
        comment=comment.shown[:200] if comment else "",
        said_at=_time(fields),
        close_pct=first.close_pct,
    )
    if not rest:
        return draft
    (other,) = rest
    follows = replace(draft, action=other.action, direction=other.direction, close_pct=None)
    return replace(draft, then=follows)


def sameness(fields: Fields) -> str | None:
    """What tells two alerts of one strategy apart, or None when only the body can.

    No delivery id exists, so the alert's own time is joined by everything that two alerts of
    one bar may differ in (wire-facts §4).
    """
    time = _find(fields, "time")
    if time is None:
        return None
    rest = [_find(fields, name) for name in ("symbol", "action", "position", "order")]
    return "\n".join([time.said, *(field.said if field else "" for field in rest)])


def canonical_symbol(text: str) -> str | None:
    """``BINANCE:BTCUSDT.P``, ``BTC/USDT:USDT``, ``BTCUSDT.P`` and ``btcusdt`` are BTCUSDT.

    None if the text is like no symbol (``BTCUſDT`` neither, though its upper case is).
    """
    match = _SYMBOL.match(text.strip().upper()) if text.isascii() else None
    return match[1] + (match[2] or "") if match else None


def _symbol(field: Field, known_symbol: Callable[[str], bool]) -> str:
    symbol = canonical_symbol(field.said)
    if symbol is None:
        raise AlertFieldInvalid(f"symbol {field.shown[:40]!r} is not like BTCUSDT or BTC/USDT:USDT")
    if not known_symbol(symbol):
        raise AlertUnknownSymbol(f"symbol {field.shown[:40]!r} is traded on no enabled venue")
    return symbol


def _refuse_placeholders(fields: Fields) -> None:
    for field in fields.values():
        if "{{" in field.said:
            raise AlertPlaceholder(f"{field.name} still holds {field.shown[:60]!r}")


def _intents(fields: Fields) -> Sequence[Intent]:
    """The strategy's position says it best; without one the action's word does."""
    position = _find(fields, "position")
    if position is None:
        return [_spoken(fields)]
    was = _find(fields, "previous")
    before = None if was is None else Held(_stance(was), _size(fields, "previous_size"))
    return meaning(before, Held(_stance(position), _size(fields, "size")))


def _stance(field: Field) -> Stance:
    try:
        return Stance(field.said.lower())
    except ValueError:
        raise AlertFieldInvalid(
            f"{field.name} {field.shown[:40]!r} is none of {', '.join(Stance)}"
        ) from None


def _size(fields: Fields, name: str) -> Decimal | None:
    size = _number(fields, name, -_LARGEST, _LARGEST)
    return None if size is None else abs(size)


def _spoken(fields: Fields) -> Intent:
    word = _required(fields, "action")
    try:
        action, direction = _WORDS[word.said.lower()]
    except KeyError:
        raise AlertFieldInvalid(
            f"action {word.shown[:40]!r} is none of {', '.join(sorted(_WORDS))}"
        ) from None
    part = _number(fields, "close_perc", Decimal("0.0001"), Decimal(100))
    if part is not None and action is not Action.CLOSE:
        raise AlertFieldInvalid("close_perc is for closes")
    return Intent(action, direction, None if part == 100 else part)


def _find(fields: Fields, name: str) -> Field | None:
    """The first field that goes by one of the name's aliases and says something."""
    for alias in ALIASES.get(name, (name,)):
        if alias in fields and fields[alias].said:
            return fields[alias]
    return None


def _required(fields: Fields, name: str) -> Field:
    found = _find(fields, name)
    if found is None:
        raise AlertFieldMissing(f"{name} is missing; symbol and action are needed")
    return found


def _number(fields: Fields, name: str, low: Decimal, high: Decimal) -> Decimal | None:
    """Plain ASCII digits of a bounded length: Decimal itself reads ``1_000``, NaN and 1e9999."""
    field = _find(fields, name)
    if field is None:
        return None
    if not _NUMBER.fullmatch(field.said):
        raise AlertFieldInvalid(f"{name} {field.shown[:40]!r} is not a number")
    value = Decimal(field.said)
    if not low <= value <= high:
        raise AlertFieldInvalid(f"{name} {field.shown[:40]} is outside {low} to {high}")
    return value


def _time(fields: Fields) -> datetime | None:
    """When the alert fired, in UTC."""
    field = _find(fields, "fired")
    if field is None:
        return None
    try:
        moment = datetime.fromisoformat(field.said.replace("Z", "+00:00"))
    except ValueError:
        raise AlertFieldInvalid(f"timenow {field.shown[:40]!r} is not an ISO 8601 time") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    if not _EARLIEST <= moment < _LATEST:
        raise AlertFieldInvalid(
            f"timenow {field.shown[:40]!r} is not from {_EARLIEST.year} to {_LATEST.year}"
        )
    return moment.astimezone(UTC)
