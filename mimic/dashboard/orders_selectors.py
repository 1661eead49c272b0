"""Orders of a person: the list by key, and one with everything that happened to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from mimic.dashboard.books_scope import Market, Markets, Scope
from mimic.dashboard.orders_wording import MEANINGS, cause_text, status_text
from trading.copying.wording import line
from trading.domain.receipts import plain
from trading.models import CopyExecution, ExchangeAccount, Fill, Order, OrderAttempt, OrderEvent


@dataclass(frozen=True, slots=True)
class OrderLine:
    """``strategy`` is empty for an order that no copy asked for."""

    row: Order
    account: ExchangeAccount
    strategy: str


@dataclass(frozen=True, slots=True)
class EventLine:
    """One change of state. ``since_ms`` is from the change before it."""

    at: datetime
    was: str
    became: str
    became_label: str
    cause: str
    code: str
    since_ms: int | None


@dataclass(frozen=True, slots=True)
class Steps:
    """When each hop was passed, as the timeline of receipts draws it."""

    received_at: datetime
    decided_at: datetime
    sent_at: datetime | None
    acknowledged_at: datetime | None

    @property
    def total_ms(self) -> int | None:
        if self.acknowledged_at is None:
            return None
        return round((self.acknowledged_at - self.received_at).total_seconds() * 1000)


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """``reason`` is what the code means; ``fees`` are by currency. No receipt: no copy asked."""

    line: OrderLine
    market: Market
    meaning: str
    reason: str
    receipt: CopyExecution | None
    attempts: list[OrderAttempt]
    events: list[EventLine]
    fills: list[Fill]
    fees: list[tuple[str, Decimal]]

    @property
    def steps(self) -> Steps | None:
        return None if self.receipt is None else steps_of(self.line.row, self.receipt)


def lines_of(scope: Scope, ids: Sequence[int]) -> list[OrderLine]:
    """In the order of ``ids``; one query."""
    rows = Order.objects.in_bulk(ids)
    return [_line(scope, rows[key]) for key in ids]


def order_detail(scope: Scope, order: Order) -> OrderDetail:
    """Five queries, whatever happened to it."""
    market = Markets(scope, [(order.account_id, order.symbol)]).of(order.account_id, order.symbol)
    fills = list(Fill.objects.filter(order_id=order.pk).order_by("at", "pk"))
    return OrderDetail(
        line=_line(scope, order),
        market=market,
        meaning=str(MEANINGS.get(order.status, "")),
        reason=_reason(order),
        receipt=receipts_by_order([order]).get(order.pk),
        attempts=list(order.tries.order_by("number")),
        events=_events(order.pk),
        fills=fills,
        fees=fees_of(fills),
    )


def receipts_by_order(orders: Iterable[Order]) -> dict[int, CopyExecution]:
    """What asked for each, with its signal; orders that no copy asked for have none. One query."""
    asked = {it.execution_id: it.pk for it in orders if it.execution_id is not None}
    rows = CopyExecution.objects.filter(pk__in=list(asked)).select_related("signal")
    return {asked[row.pk]: row for row in rows} if asked else {}


def steps_of(order: Order, receipt: CopyExecution) -> Steps:
    """The order's own times where it has them: a receipt may be for several tries."""
    return Steps(
        receipt.received_at,
        receipt.decided_at,
        order.sent_at or receipt.sent_at,
        order.acknowledged_at or receipt.acknowledged_at,
    )


def fees_of(fills: Iterable[Fill]) -> list[tuple[str, Decimal]]:
    """(currency, sum): venues may charge in a coin of their own."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for fill in fills:
        found[fill.fee_currency] += fill.fee
    return sorted(found.items())


def _line(scope: Scope, row: Order) -> OrderLine:
    account = scope.accounts[row.account_id]
    return OrderLine(row, account, scope.strategy_of(row.subscription_id))


def _reason(order: Order) -> str:
    if not order.code:
        return ""
    return line(
        code=order.code,
        side=order.side,
        quantity=plain(order.quantity),
        symbol=order.symbol,
        message=order.message,
    )


def _events(order_id: int) -> list[EventLine]:
    found: list[EventLine] = []
    for row in OrderEvent.objects.filter(order_id=order_id).order_by("id"):
        gap = None if not found else round((row.at - found[-1].at).total_seconds() * 1000)
        found.append(
            EventLine(
                at=row.at,
                was=status_text(row.was),
                became=row.became,
                became_label=status_text(row.became),
                cause=cause_text(row.cause),
                code=row.code,
                since_ms=gap,
            )
        )
    return found
