"""One receipt with everything that answers "why this much, or why nothing?"."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from trading.copying.selectors import asked_by
from trading.copying.wording import CAPS, line, short, side_of, source_name, why_this_much
from trading.domain.receipts import StepName, plain
from trading.models import CopyExecution, Order

_INPUT_LABELS = {
    "equity": _("Account equity"),
    "allocation_pct": _("Allocated"),
    "free_margin": _("Free margin"),
    "bid": _("Best bid"),
    "ask": _("Best ask"),
    "on_offer": _("On offer close by"),
    "signal_price": _("Signal's price"),
    "venue_leverage": _("Leverage at the venue"),
    "sizing": _("Sizing"),
    "settings_version": _("Settings version"),
}
_WORDS = {"unknown": _("not known")}
_UNITS = {"equity": "USDT", "free_margin": "USDT", "allocation_pct": "%"}


@dataclass(frozen=True, slots=True)
class Input:
    label: str
    value: str
    unit: str


@dataclass(frozen=True, slots=True)
class Cap:
    """``limit``, ``before`` and ``after`` are quantities in base units; ``source`` set it."""

    label: str
    source: str
    limit: Decimal
    before: Decimal | None
    after: Decimal


@dataclass(frozen=True, slots=True)
class OrderLine:
    public_id: str
    client_id: str
    status: str
    status_label: str
    quantity: Decimal
    filled: Decimal
    average_price: Decimal | None
    message: str


@dataclass(frozen=True, slots=True)
class ReceiptDetail:
    """``formula`` and ``rounding`` are arithmetic as a person writes it; empty when none was.

    ``why`` tells in one line how the quantity came about.
    """

    public_id: str
    symbol: str
    side: str
    leverage: int | None
    outcome: str
    code: str
    line: str
    why: str
    strategy: str
    account: str
    venue: str
    formula: str
    rounding: str
    inputs: list[Input]
    caps: list[Cap]
    orders: list[OrderLine]
    received_at: datetime
    decided_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None
    total_ms: int | None


def receipt_detail(row: CopyExecution) -> ReceiptDetail:
    """Build it from a receipt loaded with signal, strategy and account."""
    signal = row.signal
    side = side_of(action=signal.action, direction=signal.direction, inputs=row.inputs)
    took = row.acknowledged_at - row.received_at if row.acknowledged_at else None
    quantity = plain(row.quantity) if row.quantity is not None else ""
    steps = {step["name"]: step for step in row.steps}
    return ReceiptDetail(
        public_id=str(row.public_id),
        symbol=signal.symbol,
        side=side,
        leverage=row.leverage,
        outcome=row.outcome,
        code=row.code,
        line=line(
            code=row.code,
            side=side,
            quantity=quantity,
            symbol=signal.symbol,
            message=row.venue_message,
        ),
        why=why_this_much(row.steps),
        strategy=signal.strategy.name,
        account=row.account.label,
        venue=row.account.venue_id,
        formula=_formula(steps),
        rounding=_rounding(steps),
        inputs=[
            Input(
                str(label),
                str(_WORDS.get(row.inputs[name], row.inputs[name])),
                _UNITS.get(name, ""),
            )
            for name, label in _INPUT_LABELS.items()
            if name in row.inputs
        ],
        caps=_caps(row.steps),
        orders=_orders(row),
        received_at=row.received_at,
        decided_at=row.decided_at,
        sent_at=row.sent_at,
        acknowledged_at=row.acknowledged_at,
        total_ms=None if took is None else round(took.total_seconds() * 1000),
    )


def _formula(steps: dict[str, dict[str, str]]) -> str:
    size = steps.get(StepName.SIZE.value)
    return f"{size['formula']} = {short(size['after'])}" if size else ""


def _rounding(steps: dict[str, dict[str, str]]) -> str:
    step = steps.get(StepName.ROUNDING.value)
    if step is None:
        return ""
    return f"{short(step['before'])} → {step['after']} (× {step.get('limit', '0')})"


def _caps(steps: list[dict[str, str]]) -> list[Cap]:
    return [
        Cap(
            str(CAPS[step["name"]]),
            source_name(step.get("source", "")),
            Decimal(step["limit"]),
            Decimal(step["before"]) if "before" in step else None,
            Decimal(step["after"]),
        )
        for step in steps
        if step["name"] in CAPS and "limit" in step
    ]


def _orders(row: CopyExecution) -> list[OrderLine]:
    """The order's attempts, one line each: what was posted and what came of it."""
    found = []
    for order in Order.objects.filter(asked_by(row)).prefetch_related("tries"):
        ids = ", ".join(attempt.client_id for attempt in order.tries.all())
        found.append(
            OrderLine(
                str(order.public_id),
                ids,
                order.status,
                order.get_status_display(),
                order.quantity,
                order.filled,
                order.average_price,
                order.message,
            )
        )
    return found
