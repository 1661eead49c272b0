"""The operator switches venues on and off, and sees first what hangs on them."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pyotp
import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import services
from accounts.models import Role, User
from tests.cast import VENUE, a_market, an_account
from tests.codes import code_of
from trading.domain.ports import Credentials
from trading.market.catalogue import sync_venues
from trading.market.selectors import is_traded
from trading.models import Position, Venue

pytestmark = pytest.mark.django_db(transaction=True)
VENUES = "admin:trading_venue_changelist"
Act = Callable[..., str]


@pytest.fixture(autouse=True)
def catalogue() -> None:
    Venue.objects.filter(code=VENUE).delete()
    sync_venues()


@pytest.fixture
def codes(operator: tuple[User, str], console: Client) -> Iterator[str]:
    """Codes the operator has not used; signing in has spent the present one."""
    app = pyotp.TOTP(operator[1])
    return (code_of(app, step) for step in (1, -1))


@pytest.fixture
def act(console: Client) -> Act:
    """Run an action on venues and return the page it ends on."""

    def run(action: str, *venues: str, browser: Client = console, **fields: str) -> str:
        data = {"action": action, "_selected_action": list(venues), **fields}
        return browser.post(reverse(VENUES), data, follow=True).text

    return run


def _shown(console: Client, **query: str) -> set[str]:
    return {venue.code for venue in console.get(reverse(VENUES), query).context["cl"].result_list}


def test_the_whole_catalogue_stands_on_one_page(console: Client) -> None:
    page = console.get(reverse(VENUES))
    assert len(page.context["cl"].result_list) == Venue.objects.count() >= 30
    for text in ("Binance", "Perpetuals", "API passphrase", "Practice accounts", "20 a second"):
        assert text in page.text


@pytest.mark.parametrize(
    ("query", "inside", "outside"),
    [
        ({"enabled__exact": "1"}, VENUE, "mexc"),
        ({"tier__exact": "3"}, "mexc", VENUE),
        ({"needs_approval__exact": "1"}, "mexc", "okx"),
        ({"proven__exact": "1"}, VENUE, "mexc"),
        ({"market": "linear"}, VENUE, "upbit"),
        ({"demo__exact": "demo"}, "bybit", "upbit"),
        ({"q": "mex"}, "mexc", VENUE),
    ],
)
def test_venues_are_found_by_filter_and_search(
    console: Client, query: dict[str, str], inside: str, outside: str
) -> None:
    shown = _shown(console, **query)
    assert inside in shown
    assert outside not in shown


def test_the_list_costs_the_same_whatever_hangs_on_the_venues(console: Client) -> None:
    few = _queries(console)
    for venue in ("okx", "bybit", VENUE):
        an_account(venue=venue, keys=Credentials("k", "s"))
    assert _queries(console) == few


def _queries(console: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        console.get(reverse(VENUES))
    return len(queries)


def test_accounts_that_trade_at_a_venue_are_counted_paper_apart(console: Client) -> None:
    an_account(venue="okx", keys=Credentials("k", "s"))
    an_account(venue="okx", keys=Credentials("k", "s"), state="failing")
    an_account(venue="okx", keys=Credentials("k", "s"), state="rejected")
    an_account(venue="okx")
    listed = {venue.code: venue for venue in console.get(reverse(VENUES)).context["cl"].result_list}
    assert listed["okx"].connected == 2
    assert listed["bybit"].connected == 0


def test_the_catalogue_downloads_with_the_filters_that_are_on(console: Client) -> None:
    url = reverse("admin:trading_venue_export", args=["csv"])
    answer = console.get(url, {"tier__exact": "1"})
    rows = list(csv.reader(answer.getvalue().decode().splitlines()))
    assert {row[0] for row in rows[1:]} == {VENUE, "bybit", "coinbase", "okx", "upbit"}
    assert dict(zip(rows[0], rows[1], strict=True))["credentials"].startswith("API key")


def test_the_sidebar_counts_what_is_enabled(console: Client) -> None:
    Venue.objects.exclude(code=VENUE).update(enabled=False)
    badges = console.get(reverse("admin:badges")).json()
    assert badges[reverse(VENUES)] == "1"
    Venue.objects.filter(code="gate").update(enabled=True)
    assert console.get(reverse("admin:badges")).json()[reverse(VENUES)] == "2"


def test_before_a_venue_is_disabled_the_operator_reads_what_is_at_stake(act: Act) -> None:
    account = an_account(keys=Credentials("k", "s"))
    Position.objects.create(
        account=account, symbol="BTCUSDT", position_side="BOTH", quantity=Decimal("0.1"),
        entry_price=60_000, updated_at=datetime.now(UTC),
    )  # fmt: skip
    page = act("disable", VENUE)
    assert "Open positions and their stops stay, closes go on." in page
    assert "1 account, 1 open position, 0 orders at work." in page
    assert Venue.objects.get(code=VENUE).enabled


def test_disabling_needs_a_reason_and_a_fresh_code_and_stops_opens(
    act: Act, codes: Iterator[str]
) -> None:
    a_market()
    assert is_traded("BTCUSDT")
    code = next(codes)
    act("disable", VENUE, confirmed="yes", reason="", code=code)
    assert Venue.objects.get(code=VENUE).enabled
    act("disable", VENUE, confirmed="yes", reason="engine trouble there", code=code)
    assert not Venue.objects.get(code=VENUE).enabled
    assert not is_traded("BTCUSDT")
    assert "engine trouble there" in LogEntry.objects.get().change_message


def test_enabling_several_venues_asks_for_the_same(act: Act, codes: Iterator[str]) -> None:
    both = Venue.objects.filter(code__in=["gate", "kraken"], enabled=True)
    act("enable", "gate", "kraken")
    assert both.count() == 0
    act("enable", "gate", "kraken", confirmed="yes", reason="tested in staging", code=next(codes))
    assert both.count() == 2
    assert LogEntry.objects.count() == 2


def test_approval_is_asked_for_at_once_and_waived_with_a_reason(
    act: Act, codes: Iterator[str]
) -> None:
    act("need_approval", VENUE)
    assert Venue.objects.get(code=VENUE).needs_approval
    act("need_no_approval", VENUE)
    assert Venue.objects.get(code=VENUE).needs_approval
    act("need_no_approval", VENUE, confirmed="yes", reason="trusted by now", code=next(codes))
    assert not Venue.objects.get(code=VENUE).needs_approval


def test_a_release_leaves_the_operators_switches_alone(act: Act, codes: Iterator[str]) -> None:
    act("disable", VENUE, confirmed="yes", reason="engine trouble there", code=next(codes))
    sync_venues()
    assert not Venue.objects.get(code=VENUE).enabled


def test_a_venues_page_tells_everything_and_changes_nothing(console: Client) -> None:
    url = reverse("admin:trading_venue_change", args=[VENUE])
    page = console.get(url).text
    for text in ("many orders in one request", "Hedge", "ccxt", "Proven", "Instruments"):
        assert text in page
    assert console.post(url, {"enabled": ""}).status_code == 403
    assert Venue.objects.get(code=VENUE).enabled


def test_support_looks_and_cannot_switch(sign_in: Callable[..., Client], act: Act) -> None:
    colleague = services.register_many(
        people=[services.NewPerson("s@example.com", "", Role.SUPPORT, "correct horse battery")]
    )[0]
    browser = sign_in(colleague, pyotp.TOTP(services.enrol_totp(user=colleague)).now())
    assert "console-confirm" not in act("disable", VENUE, browser=browser)
    assert Venue.objects.get(code=VENUE).enabled
    assert _shown(browser)


def test_a_trader_finds_no_catalogue(sign_in: Callable[..., Client], trader: User) -> None:
    assert sign_in(trader).get(reverse(VENUES)).status_code == 404
    assert Client().get(reverse(VENUES)).status_code == 302


def test_reading_the_catalogue_never_loads_ccxt() -> None:
    program = (
        "import sys, django; django.setup(); import mimic.urls, trading.admin.venues; "
        "from trading.venues.catalogue import catalogue; assert len(catalogue().entries) >= 30; "
        "print('ccxt' in sys.modules)"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "mimic.settings"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr
