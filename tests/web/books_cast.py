"""The cast of the stories about positions, orders and trades: what was copied, filled and closed.

Orders go the real way (decided, claimed, settled, booked); only the venue's answer is made up.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from signals.models import Action
from tests.cast import (
    a_follower,
    a_market,
    a_person,
    a_quote,
    a_signal,
    a_strategy,
    an_account,
)
from trading.copying.fanout import fan_out
from trading.domain.ports import Credentials, FillReport, Outcome, SendResult, Side
from trading.execution.claims import take_orders
from trading.execution.settle import Answer, settle_answers
from trading.models import (
    AccountBudget,
    CopySubscription,
    ExchangeAccount,
    InstrumentQuote,
    Order,
)

_trades = count(1)


def now() -> datetime:
    return datetime.now(UTC)


class Holder:
    """A person with a paper account and one with real money, and a copy on each."""

    def __init__(self) -> None:
        for symbol, price in (("BTCUSDT", "60000"), ("ETHUSDT", "3000")):
            a_market(symbol)
            a_quote(price, symbol)
        self.user = a_person()
        self.paper = an_account(self.user)
        self.live = an_account(self.user, keys=Credentials("key", "secret"))
        self.on_paper, self.on_live = self.copies(self.paper), self.copies(self.live)
        self.browser = Client()
        self.browser.force_login(self.user)

    def copies(self, account: ExchangeAccount) -> CopySubscription:
        """A copy of a strategy of its own."""
        return a_follower(a_strategy().strategy, account=account, sizing_value=Decimal(2))

    def opens(self, copy: CopySubscription, price: str = "60000", **terms: Any) -> Order:
        """A signal to open, filled at ``price``; its order."""
        return self._copied(copy, price, {"action": Action.OPEN, **terms})

    def closes(self, copy: CopySubscription, price: str = "60000", **terms: Any) -> Order:
        return self._copied(copy, price, {"action": Action.CLOSE, "direction": "any", **terms})

    def plans(self, copy: CopySubscription, **terms: Any) -> Order:
        """Decided, and not sent. Prices and balances are as fresh as if streams were running."""
        InstrumentQuote.objects.update(at=now())
        AccountBudget.objects.update(snapshot_at=now())
        signal = a_signal(copy.strategy, **terms)
        fan_out(signal_id=signal.pk, now=now())
        return Order.objects.get(origin_id=signal.pk)

    def refused(self, copy: CopySubscription, **terms: Any) -> Order:
        order = self.plans(copy, **terms)
        no = SendResult(Outcome.REFUSED, "venue.insufficient_margin", "-2019", "Margin is short.")
        return self.answered(order, no)

    def lost(self, copy: CopySubscription, **terms: Any) -> Order:
        """The venue gave no clear answer."""
        return self.answered(self.plans(copy, **terms), SendResult(Outcome.UNKNOWN))

    def answered(self, order: Order, result: SendResult, after_ms: int = 80) -> Order:
        (claimed,) = take_orders(route=order.route, closing=order.reduce_only, limit=10, now=now())
        at = now()
        answer = Answer(claimed, result, at, at + timedelta(milliseconds=after_ms))
        settle_answers(route=order.route, answers=[answer], now=now())
        order.refresh_from_db()
        return order

    def page(self, name: str, *args: object, **asked: object) -> Any:
        query = {field: str(value) for field, value in asked.items()}
        return self.browser.get(reverse(name, args=args), query)

    def table(self, name: str, **asked: object) -> list[dict[str, str]]:
        """What a spreadsheet reads."""
        return list(csv.DictReader(lines_of_file(self.page(name, **asked))))

    def queries(self, name: str, *args: object, **asked: object) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert self.page(name, *args, **asked).status_code == 200
        return len(queries)

    def _copied(self, copy: CopySubscription, price: str, terms: dict[str, Any]) -> Order:
        parts = terms.pop("parts", 1)
        order = self.plans(copy, **terms)
        return self.answered(order, filled(order, price, parts))


def lines_of_file(answer: Any) -> list[str]:
    """Of a download, the header among them."""
    return b"".join(answer.streaming_content).decode().splitlines()


def filled(order: Order, price: str, parts: int = 1) -> SendResult:
    """Filled at once, in ``parts`` trades of the same size; the fee is 0.05 %."""
    part = order.quantity / parts
    fills = [
        FillReport(
            trade_id=f"t{next(_trades)}",
            venue_order_id="v1",
            symbol=order.symbol,
            side=Side(order.side),
            quantity=part,
            price=Decimal(price),
            fee=part * Decimal(price) * Decimal("0.0005"),
            fee_currency="USDT",
            at=now(),
        )
        for _ in range(parts)
    ]
    return SendResult(Outcome.CONFIRMED, venue_order_id="v1", fills=tuple(fills))
