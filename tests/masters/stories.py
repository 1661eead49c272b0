"""What a master's venue tells, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from signals.models import Action, Signal
from trading.copying.masters.mirror import mirror
from trading.domain.news import ExitNews, FillNews, News, OrderNews
from trading.domain.ports import FillReport, OrderState, PositionSide, Side
from trading.execution.news import Told
from trading.models import MasterAccount, MasterMove
from trading.reconciliation.user_streams.hearing import take_in


def now() -> datetime:
    return datetime.now(UTC)


def traded(
    number: int, quantity: str, *, order: str = "1", name: str = "web", ago: float = 1.0,
    price: str = "60000", symbol: str = "BTCUSDT", forced: bool = False,
    side: PositionSide = PositionSide.BOTH,
) -> FillNews:  # fmt: skip
    """Trade ``number``, sold if ``quantity`` is below zero, ``ago`` seconds ago."""
    amount = Decimal(quantity)
    fill = FillReport(
        str(number), order, symbol, Side.BUY if amount > 0 else Side.SELL, abs(amount),
        Decimal(price), Decimal("0.1"), "USDT", now() - timedelta(seconds=ago),
    )  # fmt: skip
    return FillNews(fill, name, side, forced)


def ended(order: str, quantity: str, *, name: str = "web", symbol: str = "BTCUSDT") -> OrderNews:
    """Filled to the last."""
    amount = Decimal(quantity)
    return OrderNews(
        order, name, symbol, Side.BUY if amount > 0 else Side.SELL, PositionSide.BOTH, abs(amount),
        False, OrderState.FILLED, abs(amount), now(),
    )  # fmt: skip


def placed(order: str, quantity: str) -> OrderNews:
    """Put out a while ago, with nothing filled yet."""
    news = ended(order, quantity)
    at = now() - timedelta(seconds=50)
    return replace(news, state=OrderState.OPEN, executed=Decimal(0), at=at)


def an_exit(
    order: str, price: str, quantity: str = "0", *, side: Side = Side.SELL, stops: bool = True,
    alive: bool = True, ago: float = 0.0,
) -> ExitNews:  # fmt: skip
    """Waits at the venue for ``price``, or waits no more."""
    return ExitNews(
        order, f"x{order}", "BTCUSDT", side, PositionSide.BOTH, stops, Decimal(price),
        Decimal(quantity), alive, now() - timedelta(seconds=ago),
    )  # fmt: skip


def tell(master: MasterAccount, *news: News) -> None:
    """As the stream does; and as asking after a gap does."""
    take_in(told=[Told(master.account_id, each) for each in news], now=now())


def mirrored(master: MasterAccount, after: float = 0.4) -> datetime | None:
    """What is due ``after`` seconds from now."""
    return mirror(now=now() + timedelta(seconds=after), account_ids=[master.account_id])


def signals(master: MasterAccount | None = None) -> list[tuple[Any, ...]]:
    """Action, direction, size that is opened or part that is closed, status."""
    rows = Signal.objects.filter(strategy=master.strategy) if master else Signal.objects.all()
    return [
        (each.action, each.direction, _short(_size(each)), each.status)
        for each in rows.order_by("pk")
    ]


def outcomes() -> list[tuple[str, str]]:
    rows = MasterMove.objects.order_by("pk")
    return [(each.state, each.code) for each in rows]


def _size(signal: Signal) -> Decimal | None:
    size: Decimal | None = signal.quantity
    return size if signal.action == Action.OPEN else signal.close_pct


def _short(amount: Decimal | None) -> str:
    return "all" if amount is None else f"{amount.normalize():f}"
