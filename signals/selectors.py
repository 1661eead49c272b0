"""Signals as pages, sockets and the API show them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from mimic.core.ids import oldest_id_since
from signals.models import Direction, InboxMessage, Signal, SignalStatus, Verdict

HUNDRED = Decimal(100)


def told_signals() -> QuerySet[Signal]:
    """Without those that were only written: a master's, while it is in preview."""
    return Signal.objects.exclude(status=SignalStatus.RECEIVED)


def refused_since(moment: datetime) -> QuerySet[InboxMessage]:
    """Alerts that were refused after it, found by their key."""
    late = InboxMessage.objects.filter(received_at__gt=moment, pk__gte=oldest_id_since(moment))
    return late.filter(verdict=Verdict.REFUSED)


@dataclass(frozen=True, slots=True)
class SignalRow:
    """A signal as the follower sees it; stop and targets are prices when the entry is known."""

    public_id: str
    symbol: str
    action: str
    side: str
    leverage: int
    entry: Decimal | None
    stop: Decimal | None
    targets: list[Decimal] = field(default_factory=list)
    rr: Decimal | None = None
    strategy: str = ""
    status: str = ""
    received_at: datetime | None = None


def signals_for(user_id: int, *, limit: int) -> list[SignalRow]:
    """The newest signals of the strategies that the person follows."""
    rows = (
        told_signals()
        .filter(strategy__subscriptions__user_id=user_id)
        .select_related("strategy")
        .distinct()
        .order_by("-id")[:limit]
    )
    return [signal_row(row) for row in rows]


def _distances(row: Signal) -> list[Decimal]:
    """Of its targets, in percent of price, nearest first; none while the entry is not known."""
    if not row.entry_price:
        return []
    single = [row.take_profit_pct] if row.take_profit_pct else []
    return [Decimal(each["pct"]) for each in row.targets] or single


def signal_row(row: Signal) -> SignalRow:
    """Stop and targets from their distances in percent of the entry price."""
    stop = rr = None
    direction = 1 if row.direction == Direction.LONG else -1
    if row.entry_price and row.stop_loss_pct:
        stop = row.entry_price * (1 - direction * row.stop_loss_pct / HUNDRED)
    if row.stop_loss_pct and row.take_profit_pct:
        rr = row.take_profit_pct / row.stop_loss_pct
    return SignalRow(
        public_id=str(row.public_id),
        symbol=row.symbol,
        action=row.action,
        side=row.direction,
        leverage=row.leverage,
        entry=row.entry_price,
        stop=stop,
        targets=[row.entry_price * (1 + direction * pct / HUNDRED) for pct in _distances(row)],
        rr=rr,
        strategy=row.strategy.name,
        status=row.status,
        received_at=row.received_at,
    )
