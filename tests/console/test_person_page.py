"""One page tells an operator all there is about a person, and no secret."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import ConsentKind, User
from accounts.services.consents import give_consent, publish_consent_text
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now, send_on_paper
from tests.web.accounts_cast import FINE, connected, stock_venues
from trading.copying.fanout import fan_out
from trading.guards.kill import set_kill_switch
from trading.models import CopyExecution, KillScope, Order

pytestmark = pytest.mark.django_db(transaction=True)


def _page(console: Client, person: User) -> str:
    answer = console.get(reverse("admin:accounts_person", args=[person.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture(autouse=True)
def market() -> None:
    stock_venues()
    a_market()
    a_quote()


def _a_busy_person(copies: int = 1) -> User:
    person = a_person()
    for _ in range(copies):
        strategy = a_strategy().strategy
        a_follower(strategy, account=an_account(person))
        fan_out(signal_id=a_signal(strategy).pk, now=now())
    send_on_paper()
    return person


def test_accounts_copies_receipts_and_orders_stand_on_it_and_lead_to_their_records(
    console: Client,
) -> None:
    person = _a_busy_person()
    live = connected(person, "Main", FINE)
    publish_consent_text(kind=ConsentKind.RISK, bodies={"en": "Risk."}, now=timezone.now())
    give_consent(
        person=person, kind=ConsentKind.RISK, version=1, locale="en", address=None,
        user_agent="", now=timezone.now(),
    )  # fmt: skip
    page = _page(console, person)
    receipt, order = CopyExecution.objects.get(), Order.objects.get()
    for url in (
        reverse("admin:trading_exchangeaccount_change", args=[live.pk]),
        reverse("admin:trading_copyexecution_change", args=[receipt.pk]),
        reverse("admin:trading_order_change", args=[order.pk]),
    ):
        assert url in page
        assert console.get(url).status_code == 200
    assert person.email in page
    assert "Risk disclosure" in page
    assert "Kill switches in force" not in page
    set_kill_switch(
        scope=KillScope.ACCOUNT, target=str(live.pk), reason="Odd trades.", by=None, now=now()
    )
    assert "Odd trades." in _page(console, person)


def test_of_another_person_there_is_nothing_on_it(console: Client) -> None:
    other, person = _a_busy_person(), a_person()
    page = _page(console, person)
    assert other.email not in page
    assert "No receipt yet." in page
    assert "None connected." in page


def test_the_list_of_people_leads_to_it_and_it_leads_to_the_record(console: Client) -> None:
    person = a_person()
    listed = console.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert reverse("admin:accounts_person", args=[person.pk]) in listed
    record = reverse("admin:accounts_user_change", args=[person.pk])
    assert record in _page(console, person)
    assert console.get(record).status_code == 200


def test_nobody_and_traders_see_no_such_page(trader: User) -> None:
    url = reverse("admin:accounts_person", args=[trader.pk])
    assert Client().get(url).status_code == 302
    browser = Client()
    browser.force_login(trader)
    assert browser.get(url).status_code == 404


def test_a_person_who_does_not_exist_is_a_404(console: Client) -> None:
    assert console.get(reverse("admin:accounts_person", args=[10**9])).status_code == 404


def test_it_costs_the_same_for_more_copies(console: Client) -> None:
    def queries(person: User) -> int:
        with CaptureQueriesContext(connection) as seen:
            _page(console, person)
        return len(seen)

    assert queries(_a_busy_person()) == queries(_a_busy_person(copies=4))
