"""Wishes of several venues at once: in key order, of both sides' own most, from the lowest on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import a_follower, a_market, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.venue_leverage import note_signal, plan_venue_settings
from trading.domain.ports import Credentials
from trading.models import CopySubscription, VenueSetting

pytestmark = pytest.mark.django_db(transaction=True)
KEYS = Credentials("key", "secret")


def test_rows_are_written_in_the_order_of_accounts_and_symbols_whatever_their_venue() -> None:
    """Two who write at once wait for each other, and never in a circle."""
    for venue, most in (("okx", 3), ("binanceusdm", 50)):
        for symbol in ("ETHUSDT", "BTCUSDT"):
            a_market(symbol, venue=venue, max_leverage=most)
    strategy = a_strategy().strategy
    accounts = [an_account(keys=KEYS, venue=venue) for venue in ("okx", "binanceusdm", "okx")]
    for account in accounts:
        a_follower(strategy, account=account)
    a_signal(strategy, symbol="ETHUSDT", leverage=9)
    a_signal(strategy, symbol="BTCUSDT", leverage=1)
    VenueSetting.objects.all().delete()
    assert plan_venue_settings(now=now()) == 3
    rows = VenueSetting.objects.order_by("id").values_list("account_id", "symbol", "wanted")
    assert list(rows) == [
        (account.pk, symbol, wanted)
        for account, eth in zip(accounts, (3, 9, 3), strict=True)
        for symbol, wanted in (("BTCUSDT", 1), ("ETHUSDT", eth))
    ]


def test_who_has_nothing_to_be_told_does_not_keep_the_others_waiting() -> None:
    a_market()
    paper, live = (
        a_follower(a_strategy().strategy),
        a_follower(a_strategy().strategy, account=an_account(keys=KEYS)),
    )
    a_signal(live.strategy, leverage=4, at=now() - timedelta(days=30, seconds=-60))
    assert plan_venue_settings(now=now()) == 2
    for copy in (paper, live):
        copy.refresh_from_db()
        assert copy.settings_at_venue == copy.settings_id
    assert VenueSetting.objects.get(account=live.account).planned_for >= 4


def test_a_signal_that_says_more_than_was_planned_for_makes_its_copies_work_again() -> None:
    a_market()
    strategy = a_strategy().strategy
    copy = a_follower(strategy, account=an_account(keys=KEYS))
    other = a_follower(a_strategy().strategy, account=an_account(keys=KEYS))
    VenueSetting.objects.update(planned_for=7)
    plan_venue_settings(now=now())
    for leverage, symbol, due in ((7, "BTCUSDT", False), (8, "NOPEUSDT", False),
                                  (8, "BTCUSDT", True)):  # fmt: skip
        note_signal(a_signal(strategy, leverage=leverage, symbol=symbol))
        waiting = CopySubscription.objects.filter(settings_at_venue=0)
        assert [row.pk for row in waiting] == ([copy.pk] if due else [])
    assert other.pk != copy.pk
