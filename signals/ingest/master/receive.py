"""A master's change of position: keep it, understand it, publish it or write it as a preview."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from decimal import Decimal

from mimic.core.errors import MimicError
from signals.ingest.errors import AlertRefused, AlertUnknownSymbol, StrategyNotActive
from signals.instruments import is_traded
from signals.models import Action, Direction, Strategy
from signals.services.deliveries import Delivery, Received
from signals.services.exits import NO_EXITS, Exits
from signals.services.inbox import receive_message
from signals.services.publish import SignalDraft

DOOR = "master"
_ALL = Decimal(100)
_LEVERAGES = range(1, 126)


@dataclass(frozen=True, slots=True)
class PositionChange:
    """``venue``, ``account``, ``order_id`` and ``trade_id`` (of its first fill) are its key.

    ``held`` and ``holds`` are the master's position before and after, signed base units.
    ``close_pct`` of it is closed (100: all), None for none; ``opens`` base units of ``direction``
    are opened, at ``price`` with ``leverage`` and ``margin_pct`` of ``equity``, where known.
    That is ``part_from_pct`` to ``part_to_pct`` of all that the order opens, where known.
    ``exits`` are the stop and the targets that the master has there already.
    ``reason``: why, if nobody ordered it.
    """

    venue: str
    account: str
    order_id: str
    trade_id: str
    symbol: str
    held: Decimal
    holds: Decimal
    close_pct: Decimal | None
    opens: Decimal
    direction: Direction
    quantity: Decimal
    price: Decimal
    leverage: int | None
    margin_pct: Decimal | None
    equity: Decimal | None
    at: datetime
    part_from_pct: Decimal | None = None
    part_to_pct: Decimal | None = None
    exits: Exits = NO_EXITS
    reason: str = ""

    @property
    def sameness(self) -> str:
        return "\n".join([self.venue, self.account, self.symbol, self.order_id, self.trade_id])

    def as_json(self) -> str:
        told = {name: value for name, value in asdict(self).items() if value not in (None, "")}
        return json.dumps({name: str(value) for name, value in told.items()})


@dataclass(frozen=True, slots=True)
class Answer:
    """``refusal``: why it became no signal, though it was kept."""

    received: Received
    refusal: MimicError | None


def receive(*, strategy: Strategy, change: PositionChange, publish: bool, now: datetime) -> Answer:
    """One signal, or both halves of a reversal, whoever calls how often; the first call counts.

    ``publish`` False: they are written, and nobody gets them.
    """
    said = change.as_json()
    delivery = Delivery(
        door=DOOR,
        body=said.encode(),
        stored_body=said,
        content_type="application/json",
        remote_address=None,
        sameness=change.sameness,
        received_at=now,
    )
    refusal = _refusal(strategy, change)
    received = receive_message(
        strategy=strategy,
        delivery=delivery,
        draft=None if refusal else draft_of(change),
        refusal=refusal,
        publish=publish,
    )
    return Answer(received, None if received.signal_id else refusal)


def draft_of(change: PositionChange) -> SignalDraft:
    """The close goes first. The master told both positions, so ours has no say."""
    opened = _draft(change)
    if change.close_pct is None:
        return opened
    part = None if change.close_pct >= _ALL else change.close_pct
    close = replace(
        opened,
        action=Action.CLOSE,
        direction=Direction.LONG if change.held > 0 else Direction.SHORT,
        margin_pct=None,
        part_from_pct=None,
        part_to_pct=None,
        quantity=change.quantity - change.opens,
        close_pct=part,
        strategy_size=abs(change.holds) if part else Decimal(0),
    )
    return replace(close, then=opened) if change.opens else close


def _draft(change: PositionChange) -> SignalDraft:
    return SignalDraft(
        symbol=change.symbol,
        action=Action.OPEN,
        direction=change.direction,
        price=change.price,
        risk_pct=None,
        leverage=change.leverage if change.leverage in _LEVERAGES else None,
        take_profit_pct=change.exits.take_profit_pct,
        stop_loss_pct=change.exits.stop_loss_pct,
        comment=change.reason[:200],
        said_at=change.at,
        strategy_size=abs(change.holds),
        targets=change.exits.ladder,
        settled=True,
        margin_pct=change.margin_pct,
        quantity=change.opens or None,
        part_from_pct=change.part_from_pct,
        part_to_pct=change.part_to_pct,
    )


def _refusal(strategy: Strategy, change: PositionChange) -> AlertRefused | None:
    if strategy.status != Strategy.Status.ACTIVE:
        return StrategyNotActive(strategy.get_status_display())
    if not is_traded(change.symbol):
        return AlertUnknownSymbol(f"symbol {change.symbol!r} is traded on no enabled venue")
    return None
