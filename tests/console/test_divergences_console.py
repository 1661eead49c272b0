"""The console's lists of differences and of comparing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.cast import a_follower, a_strategy, an_account
from trading.domain.ports import Credentials
from trading.models import Divergence, ExchangeAccount, Reconciliation

pytestmark = pytest.mark.django_db(transaction=True)


def _differs() -> None:
    account = an_account(keys=Credentials("key", "secret"))
    a_follower(a_strategy().strategy, account=account)
    at = datetime.now(UTC) - timedelta(seconds=90)
    Reconciliation.objects.create(account=account, asked_at=at, compared_at=at)
    Divergence.objects.create(
        account=account, kind="position", symbol="BTCUSDT", position_side="both", ours=1,
        theirs=2, action="watches", found_at=at, seen_at=at,
    )  # fmt: skip


@pytest.mark.parametrize("model", ["divergence", "reconciliation"])
def test_a_list_costs_the_same_for_more_rows_and_downloads(console: Client, model: str) -> None:
    url = reverse(f"admin:trading_{model}_changelist")
    _differs()
    few = _queries(console, url)
    for _ in range(5):
        _differs()
    assert _queries(console, url) <= few + 1
    assert console.get(reverse(f"admin:trading_{model}_export", args=["csv"])).status_code == 200


def _queries(console: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert console.get(url).status_code == 200
    return len(queries)


def test_the_front_page_counts_accounts_that_wait_too_long(console: Client) -> None:
    _differs()
    ExchangeAccount.objects.update(created_at=datetime.now(UTC) - timedelta(days=1))
    page = console.get(reverse("admin:index")).text
    assert "Accounts overdue for comparing" in page
    assert "binanceusdm 1/1" in page


def test_the_front_page_shows_who_opens_nothing_after_a_restore(console: Client) -> None:
    _differs()
    assert "Accounts in recovery" not in console.get(reverse("admin:index")).text
    call_command("recover")
    page = console.get(reverse("admin:index")).text
    assert "Accounts in recovery" in page
    assert "they open nothing" in page
