"""The seed of ``make bench-console`` fits today's tables, and every way it times is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from tests.bench.console_books import Size, a_busy_hour, a_busy_year
from tests.bench.console_ways import all_ways
from tests.console.cast import an_operators_browser
from trading.domain.orders import OrderStatus
from trading.models import CopyExecution, Order, OrderAttempt, Trade

pytestmark = pytest.mark.django_db(transaction=True)
SMALL = Size(orders=1_000, receipts=400)


def _months() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")
        return {name for (name,) in cursor.fetchall()}


@pytest.fixture(autouse=True)
def no_month_stays(transactional_db: None) -> Iterator[None]:
    """Of those that a year takes: the database is the next test's too."""
    before = _months()
    yield
    with connection.cursor() as cursor:
        for name in sorted(_months() - before):
            cursor.execute(f'DROP TABLE "{name}"')


def a_small_year(now: datetime) -> int:
    """With its last hour; how many orders there were before that."""
    a_busy_year(SMALL, now)
    orders = Order.objects.count()
    a_busy_hour(now, signals=200)
    return orders


def test_a_small_year_has_the_shape_of_the_big_one() -> None:
    now = timezone.now()
    years = a_small_year(now)
    assert 900 < years < 1_100
    assert CopyExecution.objects.count() > SMALL.receipts
    assert OrderAttempt.objects.count() == Order.objects.count() > years
    assert Trade.objects.filter(closed_at__lte=now).exists()
    assert Order.objects.filter(status=OrderStatus.UNKNOWN, closed_at=None).exists()
    assert not Order.objects.exclude(pk=F("tries__order_id")).exists()


@pytest.mark.bench
def test_every_page_that_is_timed_opens() -> None:
    a_small_year(timezone.now())
    browser: Client = an_operators_browser("operator@bench.mimic")
    wrong = [way.name for way in all_ways() if browser.get(way.url).status_code != 200]
    assert wrong == []
