"""Fields of an alert into what a signal needs; the strategy's defaults fill the rest.

Fields and figures: ../shared/spec/signals.md, "Webhook fields".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from signals.ingest.errors import (
    AlertFieldInvalid,
    AlertFieldMissing,
    AlertPlaceholder,
    AlertUnknownSymbol,
)
from signals.ingest.tradingview.message import Fields
from signals.models import Action, Direction
from signals.services.publish import SignalDraft

_ALIASES = {
    "symbol": ("symbol", "ticker", "pair", "instrument"),
    "action": ("action", "strategy.order.alert_message", "side"),
    "position": ("market_position", "strategy.market_position"),
    "price": ("price", "entry", "strategy.order.price", "close"),
    "time": ("timenow", "alert_time", "time"),
    "order": ("order_id", "strategy.order.id", "id"),
}
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
_LEVERAGE = (Decimal(1), Decimal(125))


def understand(fields: Fields, known_symbol: Callable[[str], bool]) -> SignalDraft:
    """Raises an :class:`AlertRefused` that names the field at fault."""
    _refuse_placeholders(fields)
    symbol = canonical_symbol(_required(fields, "symbol"))
    if not known_symbol(symbol):
        raise AlertUnknownSymbol(f"symbol {symbol} is traded on no enabled venue")
    action, direction = _action(fields)
    leverage = _number(fields, "leverage", *_LEVERAGE)
    if leverage is not None and leverage != leverage.to_integral_value():
        raise AlertFieldInvalid(f"leverage {leverage} is not a whole number")
    return SignalDraft(
        symbol=symbol,
        action=action,
        direction=direction,
        price=_number(fields, "price", Decimal("1e-12"), Decimal("1e9")),
        risk_pct=_number(fields, "risk_perc", Decimal("0.01"), Decimal(100)),
        leverage=None if leverage is None else int(leverage),
        take_profit_pct=_number(fields, "tp_perc", Decimal("0.01"), Decimal(1000)),
        stop_loss_pct=_number(fields, "sl_perc", Decimal("0.01"), Decimal(99)),
        comment=fields.get("comment", fields.get("strategy.order.comment", ""))[:200],
        said_at=_time(fields),
    )


def sameness(fields: Fields) -> str | None:
    """What tells two alerts of one strategy apart, or None when only the body can.

    No delivery id exists, so the alert's own time is joined by everything that two alerts of
    one bar may differ in (wire-facts §4).
    """
    said = _text(fields, "time")
    if said is None:
        return None
    parts = [_text(fields, name) or "" for name in ("symbol", "action", "position", "order")]
    return "\n".join([said, *parts])


def canonical_symbol(text: str) -> str:
    """``BINANCE:BTCUSDT.P``, ``BTC/USDT:USDT``, ``BTCUSDT.P`` and ``btcusdt`` are BTCUSDT."""
    match = _SYMBOL.match(text.strip().upper())
    if match is None:
        raise AlertFieldInvalid(f"symbol {text[:40]!r} is not like BTCUSDT or BTC/USDT:USDT")
    return match[1] + (match[2] or "")


def _refuse_placeholders(fields: Fields) -> None:
    for name, text in fields.items():
        if "{{" in text or "}}" in text:
            raise AlertPlaceholder(f"{name} still holds {text[:60]!r}")


def _action(fields: Fields) -> tuple[Action, Direction]:
    position = (_text(fields, "position") or "").lower()
    word = position or _required(fields, "action").lower()
    try:
        return _WORDS[word]
    except KeyError:
        name = "market_position" if position else "action"
        raise AlertFieldInvalid(
            f"{name} {word[:40]!r} is none of {', '.join(sorted(_WORDS))}"
        ) from None


def _text(fields: Fields, name: str) -> str | None:
    for alias in _ALIASES.get(name, (name,)):
        if fields.get(alias):
            return fields[alias]
    return None


def _required(fields: Fields, name: str) -> str:
    found = _text(fields, name)
    if found is None:
        raise AlertFieldMissing(f"{name} is missing; symbol and action are needed")
    return found


def _number(fields: Fields, name: str, low: Decimal, high: Decimal) -> Decimal | None:
    text = _text(fields, name)
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise AlertFieldInvalid(f"{name} {text[:40]!r} is not a number") from None
    if not value.is_finite():
        raise AlertFieldInvalid(f"{name} is {text[:10]}, not a number")
    if not low <= value <= high:
        raise AlertFieldInvalid(f"{name} {text[:40]} is outside {low} to {high}")
    return value


def _time(fields: Fields) -> datetime | None:
    """When the alert fired (``timenow``), not the bar's opening: only that tells its age."""
    text = fields.get("timenow") or fields.get("alert_time")
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise AlertFieldInvalid(f"timenow {text[:40]!r} is not an ISO 8601 time") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
