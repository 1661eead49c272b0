"""News as a venue tells them, and the books that they make."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from trading.domain.news import FillNews, News, OrderNews
from trading.domain.orders import client_id
from trading.domain.ports import FillReport, OrderState, PositionSide, Side
from trading.execution.news import Applied, Told, apply_news
from trading.models import (
    CopySubscription,
    ExchangeAccount,
    ExternalPosition,
    Order,
    OrderAttempt,
    Position,
    Trade,
    VirtualPosition,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
BOTH = PositionSide.BOTH
_numbers = count(1)


def an_order(
    account: ExchangeAccount,
    *,
    side: Side = Side.BUY,
    quantity: str = "1",
    status: str = "open",
    copy: CopySubscription | None = None,
    symbol: str = "BTCUSDT",
    closing: bool = False,
) -> Order:
    """At the venue under its client id, with its attempt confirmed unless it is unclear."""
    order = Order.objects.create(
        origin_kind="signal",
        origin_id=next(_numbers),
        account=account,
        subscription_id=copy.pk if copy else None,
        route=account.route,
        symbol=symbol,
        side=side.value,
        reduce_only=closing,
        quantity=Decimal(quantity),
        status=status,
        leverage=5,
        attempts=1,
        created_at=START,
        public_id=f"00000000-0000-7000-8000-{next(_numbers):012d}",
    )
    outcome = {"unknown": "unknown", "needs_person": "unknown", "sending": "sending"}
    OrderAttempt.objects.create(
        order=order,
        number=1,
        client_id=our_id(order),
        outcome=outcome.get(status, "confirmed"),
        fence=0,
        claimed_at=START,
    )
    return order


def our_id(order: Order) -> str:
    return client_id("test", order.pk, 1)


def a_fill(
    order: Order | None,
    trade: int,
    quantity: str,
    price: str = "60000",
    *,
    side: Side = Side.BUY,
    after: float = 0.0,
    symbol: str = "BTCUSDT",
    forced: bool = False,
) -> FillNews:
    """Of an order of ours, or of a person's own (None); ``after`` seconds from the start."""
    report = FillReport(
        trade_id=str(trade),
        venue_order_id=f"v{order.pk if order else 'x'}",
        symbol=symbol,
        side=Side(order.side) if order else side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal("0.1"),
        fee_currency="USDT",
        at=START + timedelta(seconds=after),
    )
    return FillNews(report, our_id(order) if order else "web_1", BOTH, forced)


def tell(account: ExchangeAccount, *news: News) -> Applied:
    """As the stream does."""
    return apply_news(told=[Told(account.pk, each) for each in news], now=datetime.now(UTC))


def an_end(
    order: Order | None,
    state: OrderState,
    executed: str,
    *,
    side: Side = Side.BUY,
    quantity: str = "1",
    after: float = 0.0,
) -> OrderNews:
    return OrderNews(
        venue_order_id=f"v{order.pk if order else 'x'}",
        client_id=our_id(order) if order else "web_1",
        symbol="BTCUSDT",
        side=Side(order.side) if order else side,
        position_side=BOTH,
        quantity=order.quantity if order else Decimal(quantity),
        reduce_only=False,
        state=state,
        executed=Decimal(executed),
        at=START + timedelta(seconds=after),
    )


def books(account: ExchangeAccount) -> dict[str, Any]:
    """All that follows from fills, without ids and without when it was written.

    Averages are kept to 18 digits; in which order they were added up may show in the last one.
    """
    exposure = ("symbol", "quantity", "entry_price")
    kept = ("leverage", "opened_at")
    mine = {"account": account}
    return {
        "positions": _rows(
            Position.objects.filter(**mine).values_list(*exposure, *kept, "realised", "fees")
        ),
        "shares": _rows(
            VirtualPosition.objects.filter(subscription__account=account).values_list(
                "subscription_id", *exposure
            )
        ),
        "external": _rows(
            ExternalPosition.objects.filter(**mine).exclude(quantity=0).values_list(*exposure)
        ),
        "trades": _rows(
            Trade.objects.filter(**mine).values_list(
                "closed_at", "quantity", "entry_price", "exit_price", "profit", "fees", "side"
            )
        ),
        "orders": _rows(Order.objects.filter(**mine).values_list("pk", "status", "filled")),
    }


def _rows(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return sorted(
        tuple(round(value, 15) if isinstance(value, Decimal) else value for value in row)
        for row in rows
    )
