"""An account's day is its person's: its equity at the start and its opens are counted by it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out
from trading.execution import budgets
from trading.models import AccountBudget, CopyExecution, ExchangeAccount
from trading.paper.snapshots import mark_to_market

pytestmark = pytest.mark.django_db(transaction=True)
LATE = datetime(2026, 11, 20, 22, 30, tzinfo=UTC)  # half past midnight in Kyiv


def _budget(account: ExchangeAccount, equity: str, at: datetime) -> AccountBudget:
    budgets.write_snapshots([(account.pk, Decimal(equity), Decimal(equity))], at)
    return AccountBudget.objects.get(account=account)


def test_a_day_begins_at_the_persons_midnight_with_what_the_account_was_worth_last() -> None:
    person = a_person()
    person.time_zone = "Europe/Kyiv"
    person.save()
    account = an_account(person, equity="10000")
    before = _budget(account, "9800", LATE - timedelta(hours=2))
    assert (before.day, before.day_equity) == (date(2026, 11, 20), Decimal(10_000))
    AccountBudget.objects.update(opens_today=7)
    same = _budget(account, "9700", LATE - timedelta(hours=1))
    assert (same.day_equity, same.opens_today) == (Decimal(10_000), 7)
    after = _budget(account, "9650", LATE)
    assert (after.day, after.day_equity, after.opens_today) == (
        date(2026, 11, 21), Decimal(9_700), 0,
    )  # fmt: skip


def test_an_account_that_is_new_begins_with_what_it_has() -> None:
    account = an_account(equity="0")
    assert _budget(account, "500", LATE).day_equity == 500


def test_a_loss_of_five_percent_blocks_the_days_opens_and_no_close() -> None:
    a_market()
    a_quote("60000")
    follower = a_follower(a_strategy().strategy, max_position_pct=Decimal(10))
    mark_to_market(now())
    fan_out(signal_id=a_signal(follower.strategy).pk, now=now())
    send_on_paper()
    assert AccountBudget.objects.get().opens_today == 1
    a_quote("47000")  # 0.041 × 13,000 = 533 of 10,000
    mark_to_market(now())
    blocked = a_signal(follower.strategy)
    fan_out(signal_id=blocked.pk, now=now())
    assert CopyExecution.objects.get(signal=blocked).code == "daily_loss"
    close = a_signal(follower.strategy, action="close", direction="any")
    fan_out(signal_id=close.pk, now=now())
    assert CopyExecution.objects.get(signal=close).code == "planned"
