"""User streams and what is not ours, as an operator sees them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.cast import a_follower, a_strategy, an_account
from tests.execution.news_cast import START, a_fill, an_end
from trading.domain.ports import Credentials, OrderState
from trading.execution.news import Told, apply_news
from trading.models import AccountStream

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "admin:trading_accountstream_changelist"


def a_stream(state: str = "live", *, age: float = 1.0, **more: Any) -> AccountStream:
    account = an_account(keys=Credentials("key", "secret"))
    a_follower(a_strategy().strategy, account=account)
    alive_at = datetime.now(UTC) - timedelta(seconds=age)
    return AccountStream.objects.create(account=account, state=state, alive_at=alive_at, **more)


def test_each_stream_says_how_it_is_and_why(console: Client) -> None:
    a_stream()
    a_stream("live", age=31)
    a_stream("broken", breach="closed", breaks=3, missed_from=datetime.now(UTC))
    a_stream("refused", breach="refused", message="HTTP 401 -2015")
    page = console.get(reverse(LIST)).text
    for text in ("Live", "Nobody listens", "Broken", "Refused", "the connection ended"):
        assert text in page
    assert "the exchange refused the keys · HTTP 401 -2015" in page


def test_the_list_costs_the_same_for_more_rows_and_downloads(console: Client) -> None:
    a_stream()
    few = _queries(console)
    for _ in range(20):
        a_stream()
    assert _queries(console) <= few + 1  # a second page asks how many there are
    export = reverse("admin:trading_accountstream_export", args=["csv"])
    assert console.get(export).status_code == 200


def _queries(console: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        console.get(reverse(LIST))
    return len(queries)


def test_an_operator_has_a_stream_opened_anew(console: Client) -> None:
    stream = a_stream()
    chosen = {"action": "open_anew", "_selected_action": [stream.pk]}
    console.post(reverse(LIST), chosen)
    stream.refresh_from_db()
    assert stream.wanted_at is not None


def test_the_front_page_counts_streams_that_are_not_whole(console: Client) -> None:
    a_stream()
    assert "Streams not whole" in console.get(reverse("admin:index")).text
    a_stream("broken")
    tile = console.get(reverse("admin:index")).text.partition("Streams not whole")[2]
    assert "1" in tile[:200]


def test_what_a_person_does_past_us_is_listed(console: Client) -> None:
    stream = a_stream()
    account_id, end = stream.account_id, an_end(None, OrderState.FILLED, "0.5")
    told = [Told(account_id, a_fill(None, 1, "0.5")), Told(account_id, end)]
    apply_news(told=told, now=START)
    for name in ("externalorder", "externalfill", "externalposition"):
        page = console.get(reverse(f"admin:trading_{name}_changelist")).text
        assert "BTCUSDT" in page
        assert "0.5" in page
