"""Wallets: trades, transfers and funding make up what is there, or the difference is on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.cast import a_follower, a_market, a_quote, a_strategy, an_account
from tests.execution.news_cast import a_fill, an_order
from trading.copying.daily_loss import EXPLAINED_IN, close_after_losses
from trading.domain.ports import BalanceReport, Credentials, MoneyKind, MoneyReport, Side
from trading.execution.news import Told, apply_news
from trading.models import (
    AccountBudget,
    CopySubscription,
    Divergence,
    MoneyMovement,
    Order,
    WalletMark,
)
from trading.reconciliation.money import AFTER, Question, explain
from trading.reconciliation.selectors import comparison_of
from trading.reconciliation.snapshots import store_balances

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2031, 1, 1, 12, tzinfo=UTC)  # nothing was traded in the quarter minute before


def _later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def copy() -> CopySubscription:
    """Its wallet held 10,000 a minute ago, which is what its day began with."""
    a_market()
    a_quote()
    made = a_follower(a_strategy().strategy, account=an_account(keys=Credentials("key", "secret")))
    assert _told(made, "10000", -60) == []
    return made


def _told(
    copy: CopySubscription, wallet: str, after: float = 0.0, currency: str = "USDT"
) -> list[Question]:
    money = Decimal(wallet)
    report = BalanceReport(currency, money, money, money)
    at = _later(after)
    return store_balances(told={copy.account_id: report}, asked=at, now=at)


def _moved(
    amount: str, after: float = -10, kind: MoneyKind = MoneyKind.TRANSFER, name: str = "1"
) -> MoneyReport:
    return MoneyReport(name, kind, Decimal(amount), "USDT", "", _later(after))


def _trades(copy: CopySubscription, *fills: tuple[Side, str]) -> None:
    """Fills of 1 BTC each, by an order of ours; each costs 0.1."""
    for number, (side, price) in enumerate(fills):
        order = an_order(copy.account, copy=copy, side=side, closing=number > 0)
        news = a_fill(order, number, "1", price)
        apply_news(told=[Told(copy.account_id, news)], now=_later(-30))


def _open_ones() -> list[tuple[Decimal, Decimal, str]]:
    return list(Divergence.objects.filter(kind="money", healed_at=None)
                .values_list("ours", "theirs", "action"))  # fmt: skip


def test_profit_and_fees_of_our_trades_explain_a_wallet(copy: CopySubscription) -> None:
    _trades(copy, (Side.BUY, "60000"), (Side.SELL, "60500"))
    assert _told(copy, "10499.80") == []
    assert _told(copy, "10499.80", 30) == []
    (question,) = _told(copy, "10499.70", 60)
    assert question.since < _later(30)


def test_a_transfer_is_on_record_once_and_no_profit_or_loss_of_the_day(
    copy: CopySubscription,
) -> None:
    (question,) = _told(copy, "8500")
    taken = [
        _moved("-2000"), _moved("500.25", name="2"), _moved("700", -61, name="before the mark"),
        _moved("-0.25", kind=MoneyKind.FUNDING, name="3"),
    ]  # fmt: skip
    for _ in range(2):
        explain(question, taken, _later(1))
    assert MoneyMovement.objects.count() == len(taken)
    assert AccountBudget.objects.get(account=copy.account).day_equity == Decimal("8500.25")
    assert _open_ones() == []
    assert _told(copy, "8500", 30) == []
    compared = comparison_of(account_id=copy.account_id, now=_later(31))
    assert {str(each) for each in compared.movements} >= {"Transfer -2000 USDT"}


def test_what_nothing_explains_is_a_difference_that_is_taken_over_when_it_stays(
    copy: CopySubscription,
) -> None:
    (question,) = _told(copy, "9000")
    assert _told(copy, "9000", 1) == []  # the venue is being asked
    explain(question, [], _later(2))
    assert _open_ones() == [(Decimal(10_000), Decimal(9_000), "watches")]
    again = AFTER.total_seconds() + 1
    (question,) = _told(copy, "9000", again)
    explain(question, [], _later(again + 1))
    row = Divergence.objects.get()
    assert (row.action, row.found_at, row.healed_at) == ("adopted", NOW, _later(again + 1))
    assert _told(copy, "9000", 60) == []


def test_a_difference_that_was_on_its_way_heals_by_itself(copy: CopySubscription) -> None:
    (question,) = _told(copy, "9000")
    explain(question, [], _later(1))
    _trades(copy, (Side.BUY, "60000"), (Side.SELL, "59000.2"))
    assert _told(copy, "9000", 20) == []
    row = Divergence.objects.get()
    assert (row.action, row.healed_at) == ("watches", _later(20))


def test_the_days_loss_waits_a_moment_for_what_may_have_been_a_transfer(
    copy: CopySubscription,
) -> None:
    (question,) = _told(copy, "8000")
    assert close_after_losses(_later(1)) == 0
    explain(question, [_moved("-2000")], _later(2))
    assert close_after_losses(_later(3)) == 0
    (question,) = _told(copy, "5000", 20)
    assert close_after_losses(_later(21)) == 0
    explain(question, [], _later(22))
    late = 20 + EXPLAINED_IN.total_seconds() + 1
    _told(copy, "5000", late)
    assert close_after_losses(_later(late)) == 1


def test_a_wallet_is_not_judged_while_an_answer_is_out(copy: CopySubscription) -> None:
    an_order(copy.account, copy=copy, status="unknown")
    assert _told(copy, "9999.90") == []
    assert WalletMark.objects.get().doubted_at is None
    Order.objects.update(status="expired", closed_at=_later(0))
    assert len(_told(copy, "9999.90", 1)) == 1


def test_after_trades_by_hand_the_rest_is_the_owners_own(copy: CopySubscription) -> None:
    apply_news(told=[Told(copy.account_id, a_fill(None, 7, "1"))], now=_later(-30))
    (question,) = _told(copy, "11999.90")
    explain(question, [_moved("1000")], _later(1))
    assert Divergence.objects.filter(kind="money").count() == 0
    assert AccountBudget.objects.get(account=copy.account).day_equity == 11_000
    assert _told(copy, "11999.90", 30) == []


def test_a_wallet_of_another_currency_begins_anew(copy: CopySubscription) -> None:
    assert _told(copy, "9000", currency="USDC") == []
    assert WalletMark.objects.get().currency == "USDC"
