"""Lists of somebody with 100,000 trades: what each way to ask takes, in the web and in Postgres.

``make bench-lists`` on a quiet machine. Judged is the middle answer by the clock; the processor
time of the web, for fifty rows, and of Postgres, which grows with the books, stand beside it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from statistics import median

import pytest
from django.db import connection
from django.utils import timezone

from tests.bench.long_books import a_long_history
from tests.bench.timed import backend_seconds
from tests.web.books_cast import Holder
from trading.models import Order, Trade

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
TRADES = 100_000
LIMIT_MS = 50
ROUNDS = 15


@pytest.fixture
def holder() -> Iterator[Holder]:
    logging.disable(logging.INFO)
    yield a_long_history(TRADES)
    logging.disable(logging.NOTSET)


def test_every_list_answers_in_time(holder: Holder) -> None:
    own = Trade.objects.filter(account__user=holder.user).order_by("pk")
    middle = own[TRADES // 2]
    day = timezone.localdate(middle.closed_at)
    strategy = holder.on_live.strategy.public_id
    ways = [
        f"/{page}{asked}"
        for page in ("orders", "trades")
        for asked in (
            "", f"?cursor={middle.pk}", "?kind=live", f"?strategy={strategy}", "?symbol=C07USDT",
            "?symbol=NONEUSDT", f"?since={day}", f"?until={day}", f"?since={day}&until={day}",
        )
    ]  # fmt: skip
    ways += ["/orders?status=rejected", "/orders?status=unknown", "/trades?result=won"]
    order = Order.objects.filter(account=middle.account, pk__gte=middle.pk).earliest("pk")
    ways += ["/positions", f"/trades/{middle.public_id}", f"/orders/{order.public_id}"]
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")  # a helper's time is not seen
    slow = [way for way in ways if _took(holder, way) > LIMIT_MS]
    assert slow == []


def _took(holder: Holder, way: str) -> float:
    """Milliseconds that the middle one of ``ROUNDS`` requests takes."""
    for _ in range(3):
        assert holder.browser.get(way).status_code == 200
    clock: list[float] = []
    web, store = time.thread_time(), backend_seconds()
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        holder.browser.get(way)
        clock.append((time.perf_counter() - begun) * 1000)
    web = (time.thread_time() - web) * 1000 / ROUNDS
    store = (backend_seconds() - store) * 1000 / ROUNDS
    print(f"{way[:52]:52} web {web:5.1f} + store {store:5.1f} ms, clock {median(clock):6.1f} ms")
    return median(clock)
