"""What became of a signal, counted in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Avg, Count, F, Max, Q
from django.db.models.functions import Now

from signals.models import Signal
from trading.models import AccountBudget, CopyExecution, Fill, InstrumentQuote, Order, Position

READY_WITHIN = timedelta(seconds=50)


def newest_signal() -> Signal | None:
    return Signal.objects.order_by("-id").first()


def waiting_accounts() -> int:
    """Active accounts without a snapshot young enough to trade on."""
    stale = ~Q(snapshot_at__gt=Now() - READY_WITHIN) | Q(snapshot_at=None)
    return AccountBudget.objects.filter(stale, account__state="active").count()


def waiting_books(symbol: str, venues: Sequence[str]) -> int:
    """Venues whose order book of ``symbol`` has not been read yet."""
    known = InstrumentQuote.objects.filter(
        instrument__symbol=symbol, instrument__venue_id__in=venues, book_at__isnull=False
    )
    return len(venues) - known.count()


def outcome_of(signal: Signal) -> dict[str, Any]:
    """Receipts by outcome and code, orders by status, fills, and the times in milliseconds."""
    receipts = CopyExecution.objects.filter(signal=signal)
    orders = Order.objects.filter(origin_kind="signal", origin_id=signal.pk)
    last = receipts.aggregate(
        decided=Max(F("decided_at") - F("received_at")),
        acknowledged=Max(F("acknowledged_at") - F("received_at")),
        average=Avg(F("acknowledged_at") - F("received_at")),
    )
    return {
        "receipts": receipts.count(),
        "outcomes": _counts(receipts, "outcome"),
        "codes": _counts(receipts, "code"),
        "orders": _counts(orders, "status"),
        "routes": _counts(orders, "route"),
        "fills": Fill.objects.filter(order_id__in=orders.values("pk")).count(),
        "positions": Position.objects.exclude(quantity=0).count(),
        "last_ms": {
            name: None if value is None else round(value.total_seconds() * 1000)
            for name, value in last.items()
        },
    }


def _counts(rows: Any, name: str) -> dict[str, int]:
    return dict(rows.values_list(name).annotate(Count("pk")).order_by("-pk__count"))
