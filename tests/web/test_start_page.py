"""From nothing to the first copy: each step leads to the next, done twice it is done once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Consent
from mimic.core.thread_connections import in_thread
from mimic.dashboard.onboarding import SHOWN_AFTERWARDS, onboarding_of
from signals.models import Provider, Strategy
from tests.api.cast import post
from tests.cast import a_follower, a_person, a_signal, a_strategy, an_account
from tests.execution.paper import now
from tests.web.accounts_cast import Trader
from tests.web.start_cast import Newcomer
from trading.copying.fanout import fan_out
from trading.execution.paper_accounts import open_paper_account
from trading.models import (
    AccountEvent,
    CopyExecution,
    CopySettings,
    CopySubscription,
    ExchangeAccount,
    InstrumentQuote,
    Order,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def newcomer() -> Newcomer:
    return Newcomer()


def test_start_with_paper_opens_one_account_that_can_trade_at_once(newcomer: Newcomer) -> None:
    answer = newcomer.browser.post(reverse("start-paper"))
    assert answer["Location"] == reverse("leaders")
    newcomer.browser.post(reverse("start-paper"))
    account = ExchangeAccount.objects.get(user=newcomer.user)
    assert (account.label, account.kind, account.state) == ("Paper", "paper", "active")
    assert (account.budget.equity, account.budget.margin_cap) == (10_000, 10_000)
    event = AccountEvent.objects.get(account=account)
    assert (event.cause, event.by) == ("practise", newcomer.user)


def test_a_name_that_is_taken_and_a_market_without_prices_are_no_traps(newcomer: Newcomer) -> None:
    ExchangeAccount.objects.filter(pk=an_account(newcomer.user).pk).update(
        label="Paper", kind="live", route="binanceusdm"
    )
    InstrumentQuote.objects.all().delete()
    refused = newcomer.browser.post(reverse("start-paper"))
    assert refused["Location"] == reverse("home")
    assert "paper.no_market" in str(next(iter(get_messages(refused.wsgi_request))))
    other = Newcomer()
    newcomer.browser.post(reverse("start-paper"))
    labels = ExchangeAccount.objects.filter(user=newcomer.user).values_list("label", flat=True)
    assert sorted(labels) == ["Paper", "Paper 2"]
    assert other.practises().label == "Paper"


def test_the_defaults_copy_the_next_signal_and_agree_on_the_way(newcomer: Newcomer) -> None:
    newcomer.practises()
    assert newcomer.copies()["Location"] == reverse("home")
    copy = CopySubscription.objects.get()
    chosen = copy.settings
    assert (copy.user, copy.mode, copy.status) == (newcomer.user, "auto", "active")
    assert (chosen.version, chosen.sizing_mode, chosen.sizing_value) == (1, "risk_pct", 2)
    assert chosen.allocation_pct == 50
    assert Consent.objects.get().user == newcomer.user
    signal = a_signal(newcomer.published.strategy)
    fan_out(signal_id=signal.pk, now=now())
    assert CopyExecution.objects.get().outcome == "planned"
    assert Order.objects.get().account == copy.account


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"agree": ""}, "Nothing is copied without it."),
        ({"sizing_value": "0"}, "greater than or equal to 0.01"),
        ({"allocation_pct": "101"}, "less than or equal to 100"),
        ({"version": "7"}, "This text has changed since"),
        ({"account": "0198f2c4-0000-7000-8000-000000000001"}, "not one of the available choices"),
    ],
)
def test_a_wrong_form_copies_nothing_and_says_why(
    newcomer: Newcomer, changes: dict[str, Any], says: str
) -> None:
    newcomer.practises()
    answer = newcomer.copies(**changes)
    assert answer.status_code == 422
    assert says in answer.text
    assert not CopySubscription.objects.exists()
    assert not CopySettings.objects.exists()


def test_twice_is_once_and_more_than_all_of_the_account_is_refused(newcomer: Newcomer) -> None:
    newcomer.practises()
    newcomer.copies()
    again = newcomer.copies()
    assert "copy.already" in again.text
    second = a_strategy(default_stop_loss_pct=None).strategy
    assert "50 % of the account is left" in newcomer.copies(second, allocation_pct="60").text
    newcomer.copies(second)
    sizes = CopySubscription.objects.values_list("settings__sizing_mode", "settings__sizing_value")
    assert list(sizes.order_by("pk")) == [("risk_pct", Decimal(2)), ("equity_pct", Decimal(5))]


def test_paused_strategies_and_providers_are_not_on_offer(newcomer: Newcomer) -> None:
    paused = a_strategy(status=Strategy.Status.PAUSED).strategy
    orphan = a_strategy().strategy
    Provider.objects.filter(pk=orphan.provider_id).update(status=Provider.Status.PENDING)
    page = newcomer.browser.get(reverse("leaders")).text
    assert newcomer.published.strategy.name in page
    for gone in (paused, orphan):
        assert gone.name not in page
        assert newcomer.browser.get(newcomer.page(gone)).status_code == 404


def test_without_an_account_the_page_offers_one_and_without_strategies_it_says_so(
    newcomer: Newcomer,
) -> None:
    assert "Start with paper" in newcomer.browser.get(newcomer.page()).text
    Strategy.objects.update(status=Strategy.Status.PAUSED)
    assert "No strategy is on offer" in newcomer.browser.get(reverse("leaders")).text


def test_home_leads_from_step_to_step_and_is_silent_afterwards(newcomer: Newcomer) -> None:
    def step() -> int:
        told = onboarding_of(newcomer.user.pk, now=now())
        return told.step if told else 0

    found = [step()]
    newcomer.practises()
    found.append(step())
    newcomer.copies()
    found.append(step())
    assert "What happens next" in newcomer.browser.get(reverse("home")).text
    signal = a_signal(newcomer.published.strategy)
    fan_out(signal_id=signal.pk, now=now())
    CopyExecution.objects.update(outcome="executed", code="executed")
    found.append(step())
    CopyExecution.objects.update(decided_at=now() - SHOWN_AFTERWARDS)
    assert [*found, step()] == [1, 2, 3, 4, 0]


def test_more_strategies_and_followers_cost_no_more_queries(newcomer: Newcomer) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            newcomer.browser.get(reverse("leaders"))
        return len(found)

    few = queries()
    for _ in range(3):
        a_signal(a_follower(a_strategy().strategy).strategy)
    assert queries() == few == 4


def test_programs_begin_in_the_same_way(newcomer: Newcomer) -> None:
    trader = Trader()
    account = post(trader.browser, "paper/enable").json()["id"]
    body = {"strategy": str(newcomer.published.strategy.public_id), "account": account}
    refused = post(trader.browser, "subscriptions", body)
    assert (refused.status_code, refused.json()["code"]) == (409, "consent.needed")
    post(trader.browser, "consents", {"kind": "copy_trading", "version": 1})
    made = post(trader.browser, "subscriptions", body | {"mode": "approval"})
    assert (made.status_code, made.json()["mode"]) == (201, "approval")
    settings = CopySubscription.objects.get(user=trader.user).settings
    assert settings.sizing_value == Decimal(2)
    other = str(a_strategy().strategy.public_id)
    wrong = {**body, "strategy": other, "settings": {"blocked_symbols": ["NOSUCHUSDT"]}}
    assert post(trader.browser, "subscriptions", wrong).json()["code"] == "copy_settings.invalid"


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_open_one_account() -> None:
    Newcomer()
    person = a_person()
    with ThreadPoolExecutor(4) as pool:
        opened = [
            pool.submit(in_thread(open_paper_account), user=person, now=now()) for _ in range(4)
        ]
        assert len({each.result(30).pk for each in opened}) == 1
