"""Orders in doubt: operators read what was asked and what came, and decide with their reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import OtpUsed, User
from tests.cast import an_account
from tests.execution.news_cast import an_order, our_id
from trading.models import Order, OrderLook

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "admin:trading_orderindoubt_changelist"


def _doubted(status: str = "needs_person", looks: int = 1) -> Order:
    order = an_order(an_account(), quantity="0.010", status=status)
    for _ in range(looks):
        OrderLook.objects.create(
            order=order,
            client_id=our_id(order),
            at=datetime.now(UTC),
            finding="unclear",
            evidence=[{"asked": "trades", "came": "2 since 12:00:00, of unknown orders: t9"}],
        )
    return order


def test_the_queue_holds_unclear_orders_alone_and_costs_the_same_for_more(console: Client) -> None:
    _doubted("unknown")
    an_order(an_account(), status="open", quantity="7.77")
    few = _queries(console)
    for _ in range(5):
        _doubted(looks=3)
    assert _queries(console) <= few + 1
    page = console.get(reverse(LIST)).text
    assert "Needs a person" in page
    assert "7.77" not in page


def _queries(console: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        console.get(reverse(LIST))
    return len(queries)


def test_an_order_shows_each_look(console: Client) -> None:
    order = _doubted(looks=2)
    page = console.get(reverse("admin:trading_orderindoubt_change", args=[order.pk])).text
    assert page.count("of unknown orders: t9") == 2
    assert our_id(order) in page
    for choice in ("it_exists", "it_does_not_exist", "look_again"):
        assert f'name="action" value="{choice}"' in page


@pytest.fixture
def decide(console: Client, operator: tuple[User, str]) -> Callable[..., str]:
    """The page that an action ends on, confirmed with a reason and a fresh code."""

    def run(action: str, order: Order) -> str:
        code = pyotp.TOTP(operator[1]).at(OtpUsed.objects.get().step * 30 + 30)
        data: dict[str, Any] = {"action": action, "_selected_action": [order.pk]}
        asked = console.post(reverse(LIST), data).text
        assert "console-confirm" in asked
        confirmed = data | {"confirmed": "yes", "reason": "asked the venue", "code": code}
        return console.post(reverse(LIST), confirmed, follow=True).text

    return run


@pytest.mark.parametrize(
    ("action", "status"),
    [("it_exists", "open"), ("it_does_not_exist", "expired"), ("look_again", "needs_person")],
)
def test_each_choice_is_confirmed_and_recorded(
    decide: Callable[..., str], operator: tuple[User, str], action: str, status: str
) -> None:
    order = _doubted()
    decide(action, order)
    assert Order.objects.get(pk=order.pk).status == status
    kept = OrderLook.objects.filter(order=order).latest("pk")
    assert (kept.by, kept.reason) == (operator[0], "asked the venue")
