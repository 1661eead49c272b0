"""Signals: made once, published once, told to those above in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from mimic.core.events import announce
from mimic.ops.metrics import signals_ingested
from signals.events import SignalPublished
from signals.models import Action, Direction, Signal, SignalStatus, Strategy

OPEN_VALID_FOR = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class SignalDraft:
    """What a door understood. Percentages are of price; None means: the strategy's default."""

    symbol: str
    action: Action
    direction: Direction
    price: Decimal | None
    risk_pct: Decimal | None
    leverage: int | None
    take_profit_pct: Decimal | None
    stop_loss_pct: Decimal | None
    comment: str
    said_at: datetime | None

    def as_json(self) -> dict[str, str]:
        """What was understood, for the inbox; what was not said is left out."""
        said = ((name, getattr(self, name)) for name in self.__slots__)
        return {name: str(value) for name, value in said if value not in (None, "")}


@transaction.atomic
def publish_signal(
    *, strategy: Strategy, draft: SignalDraft, inbox_message_id: int, now: datetime
) -> Signal:
    """Operation: write the signal as published and announce it. ``now`` is its receipt time.

    An open is valid for 60 s from when it was said, if the alert tells, else from its receipt.
    """
    closing = draft.action == Action.CLOSE
    said = min(draft.said_at or now, now)
    signal = Signal.objects.create(
        strategy=strategy,
        inbox_message_id=inbox_message_id,
        symbol=draft.symbol,
        action=draft.action,
        direction=draft.direction,
        entry_price=draft.price,
        stop_loss_pct=draft.stop_loss_pct or strategy.default_stop_loss_pct,
        take_profit_pct=draft.take_profit_pct or strategy.default_take_profit_pct,
        risk_pct=draft.risk_pct or strategy.default_risk_pct,
        leverage=min(draft.leverage or strategy.default_leverage, strategy.max_leverage),
        comment=draft.comment,
        status=SignalStatus.PUBLISHED,
        received_at=now,
        published_at=now,
        valid_until=None if closing else said + OPEN_VALID_FOR,
    )
    announce(SignalPublished(signal.pk, strategy.pk, closing=closing, at=now))
    signals_ingested.labels(draft.symbol, draft.direction).inc()
    return signal
