"""A trader connects an exchange account and watches its check; the pages and what they cost."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from ipaddress import ip_network
from urllib.parse import quote

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.cast import VENUE, a_follower, a_person, a_strategy, a_venue, an_account
from tests.web.accounts_cast import (
    FINE,
    KEYS,
    LIST,
    Trader,
    checked,
    connected,
    kept_keys,
    now,
    stock_venues,
)
from trading.domain.keys import KeyReport
from trading.domain.ports import Credentials, VenueUnavailable
from trading.execution import key_checks
from trading.execution.key_checks import Question
from trading.models import (
    AccountCheck,
    AccountState,
    Egress,
    ExchangeAccount,
    MoneyMovement,
    Reconciliation,
    Venue,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def venues() -> None:
    stock_venues()


@pytest.fixture
def trader() -> Trader:
    return Trader()


def test_a_stranger_to_the_site_is_sent_to_sign_in(client: Client) -> None:
    for name in (LIST, "exchange-account-venues"):
        answer = client.get(reverse(name))
        assert answer["Location"].startswith(reverse("account_login"))


def test_somebody_without_accounts_reads_one_sentence_and_one_action(trader: Trader) -> None:
    page = trader.page(LIST)
    assert "No account yet." in page
    assert reverse("exchange-account-venues") in page


def test_a_person_without_a_second_factor_sets_one_up_first() -> None:
    person, browser = a_person(), Client()
    browser.force_login(person)
    url = reverse("exchange-account-connect", args=[VENUE])
    for answer in (browser.get(url), browser.post(url, {"label": "Main", "code": "1", **KEYS})):
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("mfa_activate_totp"))
        assert answer["Location"].endswith(quote(url, safe=""))
    assert not ExchangeAccount.objects.exists()


def test_venues_stand_by_tier_and_are_found_by_name(trader: Trader) -> None:
    Venue.objects.filter(code__in=["okx", "mexc", "hyperliquid"]).update(enabled=True)
    page = trader.page("exchange-account-venues")
    assert page.index("Tier 1") < page.index("OKX") < page.index("Tier 3") < page.index("MEXC")
    assert "Hyperliquid" not in page, "its private key is nothing we can keep"
    assert "Bitget" not in page, "it is not enabled"
    found = trader.browser.get(reverse("exchange-account-venues"), {"q": "mex"}).text
    assert "MEXC" in found
    assert "OKX" not in found
    nothing = trader.browser.get(reverse("exchange-account-venues"), {"q": "<b>"}).text
    assert "&lt;b&gt;" in nothing
    assert "<b>" not in nothing


@pytest.mark.parametrize(
    ("venue", "asked"),
    [(VENUE, {"api_key", "secret"}), ("okx", {"api_key", "secret", "passphrase"})],
)
def test_the_form_asks_for_exactly_what_the_venue_needs(
    trader: Trader, venue: str, asked: set[str]
) -> None:
    Venue.objects.filter(code=venue).update(enabled=True)
    answer = trader.browser.get(reverse("exchange-account-connect", args=[venue]))
    fields = set(answer.context["form"].fields)
    assert fields - {"label", "demo", "code"} == asked
    assert ("demo" in fields) == (Venue.objects.get(code=venue).demo == Venue.Demo.DEMO)
    assert "never withdrawing" in answer.text


def test_a_venue_that_is_not_offered_has_no_form(trader: Trader) -> None:
    for venue in ("hyperliquid", "bitget", "nowhere"):
        url = reverse("exchange-account-connect", args=[venue])
        assert trader.browser.get(url).status_code == 404


def test_keys_are_sealed_by_web_and_the_check_is_watched_to_its_end(trader: Trader) -> None:
    answer = trader.connect()
    account = trader.account
    assert answer["Location"] == reverse("exchange-account", args=[account.public_id])
    waiting = AccountCheck.objects.get(account=account)
    assert b"canary" not in bytes(waiting.sealed_keys or b"")
    state = reverse("exchange-account-state", args=[account.public_id])
    during = trader.browser.get(state).text
    assert 'hx-trigger="every 2s"' in during
    assert during.count("asking…") == 7
    checked(account, FINE)
    account.refresh_from_db()
    after = trader.browser.get(state).text
    assert "hx-trigger" not in after
    for text in ("Active", "these keys take no money out", "12 ms ahead", "hedge", "cross"):
        assert text in after
    assert kept_keys(account) == Credentials("canary-key", "canary-secret")
    assert "canary" not in trader.page("exchange-account", account.public_id) + trader.page(LIST)


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (KeyReport(can_trade=True, can_withdraw=True), "they can: such keys are never accepted"),
        (KeyReport(can_trade=False, can_withdraw=False), "no: nothing could be copied"),
        (KeyReport(refused="venue.auth", message="Invalid Api-Key ID."), "Invalid Api-Key ID."),
    ],
)
def test_a_refused_check_says_which_line_and_what_to_do(
    trader: Trader, report: KeyReport, said: str
) -> None:
    account = connected(trader.user, report=report)
    page = trader.page("exchange-account", account.public_id)
    for text in ("Rejected", said, "Mend the cause, then enter keys again."):
        assert text in page


def test_a_venue_without_an_answer_is_named_while_it_is_asked_again(trader: Trader) -> None:
    trader.connect()
    account = trader.account

    def silent(_question: Question) -> KeyReport:
        raise VenueUnavailable("timeout")

    for _ in range(2):
        AccountCheck.objects.update(due_at=now())
        key_checks.run_check(check_id=AccountCheck.objects.get().pk, ask=silent, clock=now)
    page = trader.page("exchange-account-state", account.public_id)
    assert "Try 2 of 5" in page
    assert "hx-trigger" in page


def test_a_wrong_code_connects_nothing_and_sends_no_key_back(trader: Trader) -> None:
    answer = trader.connect(code="000000")
    assert answer.status_code == 403
    assert "The code was not accepted." in answer.text
    assert "canary" not in answer.text
    assert 'value="Main"' in answer.text
    assert not ExchangeAccount.objects.exists()


def test_a_missing_secret_is_named_and_the_code_stays_good(trader: Trader) -> None:
    code = trader.code()
    answer = trader.connect(secret="", code=code)
    assert answer.status_code == 422
    assert "canary" not in answer.text
    assert answer.context["form"].errors.keys() == {"secret"}
    assert trader.connect(code=code).status_code == 302


def test_two_accounts_of_one_person_have_two_names(trader: Trader) -> None:
    connected(trader.user)
    answer = trader.connect()
    assert answer.status_code == 409
    assert answer.context["form"].errors.keys() == {"label"}


@pytest.mark.parametrize("state", AccountState.values)
def test_every_state_says_what_it_means(trader: Trader, state: str) -> None:
    account = connected(trader.user)
    ExchangeAccount.objects.filter(pk=account.pk).update(state=state)
    line = trader.browser.get(reverse(LIST)).context["lines"][0]
    assert line.meaning.text
    assert line.tone
    assert trader.browser.get(reverse("exchange-account", args=[account.public_id])).text


def test_the_list_costs_the_same_for_more_accounts(trader: Trader) -> None:
    for number in range(2):
        connected(trader.user, f"Account {number}")
    few = _queries(trader)
    for number in range(2, 9):
        connected(trader.user, f"Account {number}")
    assert _queries(trader) == few <= 8


def _queries(trader: Trader) -> int:
    with CaptureQueriesContext(connection) as queries:
        trader.page(LIST)
    return len(queries)


def test_people_are_told_which_addresses_to_bind_their_keys_to(
    trader: Trader, settings: LazySettings
) -> None:
    account = connected(trader.user)
    form = reverse("exchange-account-connect", args=[VENUE])
    assert "Ask support for the addresses." in trader.browser.get(form).text
    settings.EGRESS_NETWORKS = [ip_network("203.0.113.7"), ip_network("2001:db8::/64")]
    for page in (trader.browser.get(form).text, trader.page("exchange-account", account.public_id)):
        assert 'data-copies="203.0.113.7"' in page
        assert 'data-copies="2001:db8::/64"' in page
    pool = [("a", "198.51.100.1:3128", True), ("b", "198.51.100.2:3128", True),
            ("c", "198.51.100.3:3128", False), ("d", "proxy.internal:3128", True)]  # fmt: skip
    ways = [
        Egress.objects.create(name=name, host=host, enabled=enabled, sealed_url=b"")
        for name, host, enabled in pool
    ]
    ExchangeAccount.objects.filter(pk=account.pk).update(egress=ways[0])
    page = trader.page("exchange-account", account.public_id)
    shown = re.findall('data-copies="([^"]+)"', page)
    assert shown == ["198.51.100.1", "198.51.100.2"], "those of its pool, and no internal name"


def test_one_account_and_its_check_are_few_queries(trader: Trader) -> None:
    account = connected(trader.user)
    trader.page("exchange-account-state", account.public_id)
    with CaptureQueriesContext(connection) as queries:
        trader.page("exchange-account-state", account.public_id)
    assert len(queries) <= 6
    assert not any("sealed_keys" in query["sql"] for query in queries if "check" in query["sql"])


def test_the_pages_about_accounts_never_load_ccxt() -> None:
    program = (
        "import sys, mimic.asgi, mimic.dashboard.accounts_urls, trading.admin; "
        "print('ccxt' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


def test_an_account_at_a_venue_without_a_catalogue_entry_is_still_listed(trader: Trader) -> None:
    an_account(trader.user, venue=a_venue("simulated").code)
    assert "simulated" in trader.page(LIST)


def test_a_page_says_for_how_long_comparing_is_overdue(trader: Trader) -> None:
    account = an_account(trader.user, keys=Credentials("key", "secret"))
    a_follower(a_strategy().strategy, account=account)
    for minutes, told in ((10, False), (45, True)):
        at = now() - timedelta(minutes=minutes)
        given = {"asked_at": now(), "compared_at": at}
        Reconciliation.objects.update_or_create(account=account, defaults=given)
        page = trader.page("exchange-account", account.public_id)
        assert ("Overdue for 30" in page) is told


def test_a_page_says_what_money_came_and_went(trader: Trader) -> None:
    account = an_account(trader.user, keys=Credentials("key", "secret"))
    assert "Money in and out" not in trader.page("exchange-account", account.public_id)
    for name, amount, symbol in (("1", "-1500.5", ""), ("2", "0.25", "BTCUSDT")):
        MoneyMovement.objects.create(
            account=account, venue_id=name, kind="funding" if symbol else "transfer",
            amount=Decimal(amount), currency="USDT", symbol=symbol, at=now(),
        )  # fmt: skip
    page = trader.page("exchange-account", account.public_id)
    for told in ("Money in and out", "Transfer", "1,500.50", "Funding", "BTCUSDT", "0.25"):
        assert told in page
