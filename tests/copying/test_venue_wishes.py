"""Rows of what copies want of their accounts, whole: what is written, what is begun anew."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.venue_leverage import plan_venue_settings
from trading.domain.ports import Credentials
from trading.models import CopySubscription, RiskLimits, VenueSetting

pytestmark = pytest.mark.django_db(transaction=True)


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


def _plan(at: datetime | None = None) -> dict[tuple[int, str], int]:
    """Worked out anew for everybody."""
    CopySubscription.objects.update(settings_at_venue=0)
    plan_venue_settings(now=at or now())
    rows = VenueSetting.objects.values_list("account_id", "symbol", "wanted")
    return {(account, symbol): wanted for account, symbol, wanted in rows}


def test_another_wish_begins_anew_and_the_same_one_leaves_the_row_to_its_own_time() -> None:
    copy = _copy()
    a_signal(copy.strategy, leverage=5)
    at = now()
    assert plan_venue_settings(now=at) == 1
    row = VenueSetting.objects.get()
    assert (row.account_id, row.symbol, row.wanted, row.planned_for) == (
        copy.account_id, "BTCUSDT", 5, 5,
    )  # fmt: skip
    assert (row.state, row.margin_mode, row.code, row.message, row.tries) == (
        "planned", "", "", "", 0,
    )  # fmt: skip
    assert (row.asked_at, row.due_at) == (at, at)
    hour = timedelta(hours=1)
    kept = {"state": "set", "tries": 3, "asked_at": at + hour, "due_at": at + 2 * hour}
    VenueSetting.objects.update(**kept)
    for leverage, passed, wanted in ((5, at + 3 * hour, 5), (8, at + 4 * hour, 8)):
        a_signal(copy.strategy, leverage=leverage)
        _plan(passed)
        row = VenueSetting.objects.get()
        fresh = {"state": "planned", "tries": 0, "asked_at": passed, "due_at": passed}
        now_told = {name: getattr(row, name) for name in kept}
        assert (row.wanted, row.planned_for) == (wanted, leverage)
        assert now_told == (kept if wanted == 5 else fresh)
    RiskLimits.objects.create(scope="account", target=copy.account_id, max_leverage=2)
    _plan(at)
    row = VenueSetting.objects.get()
    assert (row.wanted, row.planned_for) == (2, 8)


def test_the_venues_most_bounds_the_wish_and_old_signals_and_closes_name_none() -> None:
    a_market("ETHUSDT", max_leverage=4)
    copy = _copy()
    a_signal(copy.strategy, symbol="ETHUSDT", leverage=9)
    a_signal(copy.strategy, leverage=11, at=now() - timedelta(days=31))
    a_signal(copy.strategy, leverage=12, action="close")
    assert _plan() == {(copy.account_id, "ETHUSDT"): 4}
    a_signal(copy.strategy, leverage=6, at=now() - timedelta(days=29))
    assert _plan() == {(copy.account_id, "ETHUSDT"): 4, (copy.account_id, "BTCUSDT"): 6}
    assert dict(VenueSetting.objects.values_list("symbol", "planned_for")) == {
        "ETHUSDT": 9, "BTCUSDT": 6,
    }  # fmt: skip


def test_each_account_has_its_own_wish_by_what_was_signalled_to_any_of_its_copies() -> None:
    one = _copy()
    two = _copy(account=one.account)
    other = _copy(one.strategy)
    a_signal(one.strategy, leverage=3)
    a_signal(two.strategy, leverage=7)
    assert _plan() == {(one.account_id, "BTCUSDT"): 7, (other.account_id, "BTCUSDT"): 3}
    rows = VenueSetting.objects.values_list("account_id", "planned_for")
    assert dict(rows) == {one.account_id: 7, other.account_id: 3}
    for row in CopySubscription.objects.all():
        assert row.settings_at_venue == row.settings_id


def test_a_follower_of_the_signal_with_a_leverage_of_its_own_for_a_symbol_wants_it_there() -> None:
    copy = _copy(
        symbol_leverage={"BTCUSDT": 12, "ETHUSDT": 6}, blocked_symbols=["ETHUSDT"],
        allowed_symbols=["BTCUSDT"],
    )  # fmt: skip
    a_signal(copy.strategy, leverage=3)
    assert _plan() == {(copy.account_id, "BTCUSDT"): 12}
