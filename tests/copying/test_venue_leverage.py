"""What copies want of their accounts: one row an instrument, found without anybody's asking."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from mimic.core.thread_connections import in_thread
from tests.cast import VENUE, a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from trading.copying.fanout import fan_out
from trading.copying.settings import change_settings
from trading.copying.venue_leverage import plan_venue_settings
from trading.domain.ports import Credentials
from trading.models import CopySubscription, RiskLimits, VenueSetting

pytestmark = pytest.mark.django_db(transaction=True)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(autouse=True)
def market() -> None:
    for symbol in ("BTCUSDT", "ETHUSDT"):
        a_market(symbol)
        a_quote(symbol=symbol)


def _copy(strategy: Any = None, account: Any = None, **settings: Any) -> CopySubscription:
    """Somebody who begins to copy on a venue: nothing has been asked for yet."""
    strategy = strategy or a_strategy().strategy
    account = account or an_account(keys=Credentials("key", "secret"))
    made = a_follower(strategy, account=account, **settings)
    VenueSetting.objects.filter(account=account).delete()
    return made


def _plan() -> dict[tuple[int, str], int]:
    plan_venue_settings(now=now())
    rows = VenueSetting.objects.values_list("account_id", "symbol", "wanted")
    return {(account, symbol): wanted for account, symbol, wanted in rows}


def test_a_new_copy_gets_a_row_for_each_instrument_that_its_strategy_signals() -> None:
    copy = _copy()
    a_signal(copy.strategy, leverage=5)
    a_signal(copy.strategy, leverage=7)
    a_signal(copy.strategy, symbol="ETHUSDT", leverage=3)
    a_signal(copy.strategy, symbol="DOGEUSDT", leverage=3)  # not listed there
    account = copy.account_id
    assert _plan() == {(account, "BTCUSDT"): 7, (account, "ETHUSDT"): 3}
    row = VenueSetting.objects.earliest("id")
    assert (row.state, row.leverage, row.read_at) == ("planned", None, None)
    assert row.due_at <= now()
    assert plan_venue_settings(now=now()) == 0


def test_own_leverages_go_before_the_signals_and_limits_before_both() -> None:
    copy = _copy(
        leverage_mode="fixed", fixed_leverage=4, symbol_leverage={"ETHUSDT": 30},
        allowed_symbols=["BTCUSDT", "ETHUSDT"],
    )  # fmt: skip
    account = copy.account_id
    assert _plan() == {(account, "BTCUSDT"): 4, (account, "ETHUSDT"): 20}
    RiskLimits.objects.create(scope="account", target=account, max_leverage=3)
    CopySubscription.objects.update(settings_at_venue=0)
    assert _plan() == {(account, "BTCUSDT"): 3, (account, "ETHUSDT"): 3}


@pytest.mark.parametrize(
    "settings", [{"blocked_symbols": ["BTCUSDT"]}, {"allowed_symbols": ["ETHUSDT"]}]
)
def test_a_symbol_that_is_left_out_is_not_touched(settings: dict[str, Any]) -> None:
    copy = _copy(**settings)
    signal = a_signal(copy.strategy)
    assert _plan() == {}
    fan_out(signal_id=signal.pk, now=now())
    assert plan_venue_settings(now=now()) == 0


def test_the_highest_of_an_accounts_copies_is_set() -> None:
    one = _copy(leverage_mode="fixed", fixed_leverage=4)
    other = _copy(account=one.account, leverage_mode="fixed", fixed_leverage=9)
    for copy in (one, other):
        a_signal(copy.strategy)
    assert _plan() == {(one.account_id, "BTCUSDT"): 9}
    other.status = "stopped"
    other.save()
    CopySubscription.objects.filter(pk=one.pk).update(settings_at_venue=0)
    assert _plan() == {(one.account_id, "BTCUSDT"): 4}


def test_new_settings_are_passed_on_and_what_stays_as_it_was_is_not_asked_again() -> None:
    copy = _copy()
    a_signal(copy.strategy)
    _plan()
    VenueSetting.objects.update(state="set", due_at=now() + timedelta(minutes=15))
    change_settings(subscription=copy, values={"sizing_value": Decimal(3)}, now=now())
    assert plan_venue_settings(now=now()) == 1
    assert VenueSetting.objects.get().state == "set"
    changed = {"leverage_mode": "fixed", "fixed_leverage": 8}
    change_settings(subscription=copy, values=changed, now=now())
    assert plan_venue_settings(now=now()) == 1
    row = VenueSetting.objects.get()
    assert (row.state, row.wanted, row.due_at <= now()) == ("planned", 8, True)


def test_paper_and_stopped_copies_want_nothing() -> None:
    paper = a_follower(a_strategy().strategy)
    a_signal(paper.strategy)
    stopped = _copy(status="stopped")
    a_signal(stopped.strategy)
    assert _plan() == {}
    assert plan_venue_settings(now=now()) == 0


def test_a_signal_that_tells_something_new_is_passed_on_after_it_was_decided() -> None:
    copy = _copy()
    signal = a_signal(copy.strategy, leverage=5)
    plan_venue_settings(now=now())
    for leverage, passed_on in ((5, 0), (4, 0), (6, 1)):
        signal = a_signal(copy.strategy, leverage=leverage)
        fan_out(signal_id=signal.pk, now=now())
        assert plan_venue_settings(now=now()) == passed_on
    assert VenueSetting.objects.get().wanted == 6


def test_many_at_once_make_one_row() -> None:
    copy = _copy()
    a_signal(copy.strategy)
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(in_thread(partial(plan_venue_settings, now=now()))) for _ in range(8)]
        planned = [run.result() for run in runs]
    assert sum(planned) == 1
    assert VenueSetting.objects.count() == 1


def test_the_decision_reads_what_the_venue_told_in_the_statement_that_it_needs_anyway(
    django_assert_max_num_queries: Any,
) -> None:
    strategy = a_strategy().strategy
    for _ in range(20):
        _copy(strategy)
    with django_assert_max_num_queries(31):
        fan_out(signal_id=a_signal(strategy).pk, now=now())


def test_what_was_told_too_long_ago_does_not_count() -> None:
    copy = a_follower(a_strategy().strategy, account=an_account(keys=Credentials("k", "s")))
    for age, leverage in ((timedelta(minutes=59), 5), (timedelta(minutes=61), 1)):
        VenueSetting.objects.update(read_at=now() - age)
        fan_out(signal_id=a_signal(copy.strategy).pk, now=now())
        order = copy.account.orders.latest("id")
        assert (order.route, order.leverage) == (VENUE, leverage)
