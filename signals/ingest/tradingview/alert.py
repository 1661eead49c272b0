"""Fields of an alert into what a signal needs; the strategy's defaults fill the rest.

Fields and figures: ../shared/spec/signals.md, "Webhook fields".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from signals.ingest.errors import AlertFieldInvalid, AlertPlaceholder, AlertUnknownSymbol
from signals.ingest.tradingview.exits import Exits, exits
from signals.ingest.tradingview.fields import PRICES, find, number, required
from signals.ingest.tradingview.message import Field, Fields
from signals.models import Action, Direction
from signals.services.meaning import Held, Intent, Ordered, Stance, meaning
from signals.services.publish import SignalDraft
from signals.services.stances import with_intents

_WORDS = {
    "long": (Action.OPEN, Direction.LONG),
    "short": (Action.OPEN, Direction.SHORT),
    "close": (Action.CLOSE, Direction.ANY),
    "flat": (Action.CLOSE, Direction.ANY),
    "close_long": (Action.CLOSE, Direction.LONG),
    "close_short": (Action.CLOSE, Direction.SHORT),
}
_ORDERS = {"buy": Direction.LONG, "sell": Direction.SHORT}
_SYMBOL = re.compile(
    r"^(?:[A-Z0-9_]+:)?([A-Z0-9]{2,20})(?:/([A-Z0-9]{2,10})(?::[A-Z0-9]+)?)?(?:\.P)?$"
)
_SMALLEST, _LARGEST = Decimal("1e-18"), Decimal("1e18")
_LEVERAGE = (Decimal(1), Decimal(125))
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def understand(fields: Fields, known_symbol: Callable[[str], bool]) -> SignalDraft:
    """Raises an :class:`AlertRefused` that names the field at fault."""
    _refuse_placeholders(fields)
    symbol = _symbol(required(fields, "symbol"), known_symbol)
    now, was = _position(fields), _previous(fields)
    leads = _order(fields) if now is None else now if was is None else None
    intents = _intents(fields, was, now, leads)
    price = number(fields, "price", *PRICES)
    out = exits(fields, intents[-1].direction, price) if _opens(intents) else Exits(None, None)
    comment = find(fields, "comment")
    draft = SignalDraft(
        symbol=symbol,
        action=intents[0].action,
        direction=intents[0].direction,
        price=price,
        risk_pct=number(fields, "risk_perc", Decimal("0.01"), Decimal(100)),
        leverage=_leverage(fields),
        take_profit_pct=out.take_profit_pct,
        stop_loss_pct=out.stop_loss_pct,
        comment=comment.shown[:200] if comment else "",
        said_at=_time(fields),
        targets=out.targets,
        leads=None if now is not None and now.stance is Stance.FLAT else leads,
        settled=now is not None and was is not None,
    )
    return with_intents(draft, intents)


def sameness(fields: Fields) -> str | None:
    """What tells two alerts of one strategy apart, or None when only the body can.

    No delivery id exists, so the alert's own time is joined by everything that two alerts of
    one bar may differ in (wire-facts §4).
    """
    time = find(fields, "time")
    if time is None:
        return None
    rest = [find(fields, name) for name in ("symbol", "action", "position", "order")]
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


def _order(fields: Fields) -> Ordered | None:
    """``strategy.order.action``: what it means is for the strategy's position to say."""
    word = required(fields, "action").said.lower()
    if word not in _ORDERS:
        return None
    if find(fields, "close_perc") is not None:
        raise AlertFieldInvalid("close_perc is for closes")
    return Ordered(_ORDERS[word], number(fields, "contracts", _SMALLEST, _LARGEST))


def _position(fields: Fields) -> Held | None:
    field = find(fields, "position")
    return None if field is None else Held(_stance(field), _size(fields, "size"))


def _previous(fields: Fields) -> Held | None:
    field = find(fields, "previous")
    return None if field is None else Held(_stance(field), _size(fields, "previous_size"))


def _intents(
    fields: Fields, was: Held | None, now: Held | None, leads: Ordered | Held | None
) -> Sequence[Intent]:
    """The strategy's position says it best; without one the action's word does."""
    if now is not None:
        return meaning(was, now)
    if isinstance(leads, Ordered):
        return [Intent(Action.OPEN, leads.direction)]
    return [_spoken(fields)]


def _opens(intents: Sequence[Intent]) -> bool:
    return intents[-1].action is Action.OPEN


def _leverage(fields: Fields) -> int | None:
    leverage = number(fields, "leverage", *_LEVERAGE)
    if leverage is not None and leverage != leverage.to_integral_value():
        raise AlertFieldInvalid(f"leverage {leverage} is not a whole number")
    return None if leverage is None else int(leverage)


def _stance(field: Field) -> Stance:
    try:
        return Stance(field.said.lower())
    except ValueError:
        raise AlertFieldInvalid(
            f"{field.name} {field.shown[:40]!r} is none of {', '.join(Stance)}"
        ) from None


def _size(fields: Fields, name: str) -> Decimal | None:
    size = number(fields, name, -_LARGEST, _LARGEST)
    return None if size is None else abs(size)


def _spoken(fields: Fields) -> Intent:
    word = required(fields, "action")
    try:
        action, direction = _WORDS[word.said.lower()]
    except KeyError:
        raise AlertFieldInvalid(
            f"action {word.shown[:40]!r} is none of {', '.join(sorted([*_WORDS, *_ORDERS]))}"
        ) from None
    part = number(fields, "close_perc", Decimal("0.0001"), Decimal(100))
    if part is not None and action is not Action.CLOSE:
        raise AlertFieldInvalid("close_perc is for closes")
    return Intent(action, direction, None if part == 100 else part)


def _time(fields: Fields) -> datetime | None:
    """When the alert fired, in UTC."""
    field = find(fields, "fired")
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
