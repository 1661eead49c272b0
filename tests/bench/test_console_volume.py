"""The seed of ``make bench-console`` fits today's tables, and every way it times is there."""

from __future__ import annotations

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from tests.bench.console_books import Size, a_busy_hour, a_busy_year
from tests.bench.console_ways import all_ways
from tests.console.cast import an_operators_browser
from trading.domain.orders import OrderStatus
from trading.models import CopyExecution, Order, OrderAttempt, Trade

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]


def test_a_small_year_has_the_shape_of_the_big_one_and_every_page_of_it_opens() -> None:
    now = timezone.now()
    a_busy_year(Size(orders=1_000, receipts=400), now)
    years = Order.objects.count()
    assert 900 < years < 1_100
    assert CopyExecution.objects.count() == 400
    assert OrderAttempt.objects.count() == years
    assert Trade.objects.filter(closed_at__lte=now).exists()
    a_busy_hour(now)
    assert Order.objects.filter(status=OrderStatus.UNKNOWN, closed_at=None).exists()
    assert not Order.objects.exclude(pk=F("tries__order_id")).exists()
    browser: Client = an_operators_browser("operator@bench.mimic")
    wrong = [way.name for way in all_ways() if browser.get(way.url).status_code != 200]
    assert wrong == []
