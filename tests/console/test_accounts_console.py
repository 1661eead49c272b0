"""The operator approves, rejects, checks, disables and revokes; keys are seen by nobody."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import timedelta
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
from tests.cast import a_person, an_account
from tests.codes import code_of
from tests.web import accounts_cast
from tests.web.accounts_cast import checked, now, stock_venues
from trading.domain.keys import KeyReport
from trading.domain.ports import Credentials, VenueUnavailable
from trading.execution import connecting, key_checks
from trading.execution.key_checks import Question
from trading.models import AccountCheck, AccountEvent, AccountState, ExchangeAccount
from trading.models import Position as OpenPosition

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "admin:trading_exchangeaccount_changelist"
PAGE = "admin:trading_exchangeaccount_change"
QUEUE = "admin:trading_account_approvals"
CHECKS = "admin:trading_accountcheck_changelist"
KEYS = Credentials("canary-key", "canary-secret")
FINE = KeyReport(
    can_trade=True, can_withdraw=False, ip_restricted=True, hedge=True, margin_mode="cross",
    clock_ahead_ms=-340,
)  # fmt: skip
Act = Callable[..., str]


@pytest.fixture(autouse=True)
def catalogue() -> None:
    stock_venues("okx", "mexc")


@pytest.fixture
def codes(operator: tuple[User, str], console: Client) -> Iterator[str]:
    """Codes the operator has not used; signing in has spent the present one."""
    app = pyotp.TOTP(operator[1])
    return (code_of(app, step) for step in (1, -1))


@pytest.fixture
def act(console: Client) -> Act:
    """Run an action on accounts and return the page it ends on."""

    def run(
        action: str, *accounts: ExchangeAccount, browser: Client = console, **fields: str
    ) -> str:
        chosen = [account.pk for account in accounts]
        data = {"action": action, "_selected_action": chosen, **fields}
        return browser.post(reverse(LIST), data, follow=True).text

    return run


def connected(venue: str = "okx", report: KeyReport = FINE, label: str = "Main") -> ExchangeAccount:
    """A stranger's account past its check: active at OKX, waiting for an operator at MEXC."""
    return accounts_cast.connected(a_person(), label, report, venue)


def _answer(console: Client, account: ExchangeAccount, answer: str, reason: str = "") -> str:
    given = {"account": str(account.public_id), "answer": answer, "reason": reason}
    return console.post(reverse(QUEUE), given, follow=True).text


def test_the_list_shows_what_the_last_check_found(console: Client) -> None:
    account = connected()
    page = console.get(reverse(LIST)).text
    for text in ("Active", "Passed", "hedge", "cross", "340 ms behind", str(account.user)):
        assert text in page


def test_the_list_costs_the_same_for_more_accounts(console: Client) -> None:
    connected()
    few = _queries(console)
    for _ in range(5):
        connected()
    assert _queries(console) == few


def _queries(console: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        console.get(reverse(LIST))
    return len(queries)


def test_the_download_carries_the_facts_and_no_key(console: Client) -> None:
    account = connected()
    answer = console.get(reverse("admin:trading_exchangeaccount_export", args=["csv"]))
    rows = list(csv.reader(answer.getvalue().decode().splitlines()))
    found = dict(zip(rows[0], rows[1], strict=True))
    assert found["public id"] == str(account.public_id)
    assert (found["positions"], found["our clock"]) == ("hedge", "340 ms behind")
    assert not any("key" in name or "sealed" in name for name in found)


def test_an_accounts_page_has_its_checks_and_its_history_and_never_its_keys(
    console: Client,
) -> None:
    account = connected()
    connecting.recheck_account(account=account, now=now())
    checked(account, KeyReport(can_trade=True, can_withdraw=True))
    page = console.get(reverse(PAGE, args=[account.pk])).text
    for text in ("Draft → Checking", "Active → Failing", "keys.can_withdraw", "sealed", "Refused"):
        assert text in page
    assert "canary" not in page
    assert bytes(account.sealed_keys or b"").hex() not in page


def test_an_accounts_page_offers_what_its_state_allows(console: Client) -> None:
    active, waiting = connected(), connected("mexc")
    assert _offered(console, active) == {"check_again", "disable", "revoke"}
    assert _offered(console, waiting) == {"approve", "reject", "check_again", "disable", "revoke"}
    connecting.revoke_keys(account=active, by=a_person(), reason="leak", now=now())
    assert _offered(console, active) == set()


def _offered(console: Client, account: ExchangeAccount) -> set[str]:
    page = console.get(reverse(PAGE, args=[account.pk])).text
    names = ("approve", "reject", "check_again", "disable", "enable", "revoke")
    return {name for name in names if f'name="action" value="{name}"' in page}


def test_the_queue_shows_who_waits_how_long_and_why(console: Client) -> None:
    late, fresh = connected("mexc"), connected("mexc", label="Second")
    connected(label="Active one")
    AccountEvent.objects.filter(account=late).update(at=now() - timedelta(hours=30))
    page = console.get(reverse(QUEUE))
    assert [row.account for row in page.context["rows"]] == [late, fresh]
    assert [row.late for row in page.context["rows"]] == [True, False]
    for text in ("waits 1 d", "looked at by an operator first", "these keys take no money out"):
        assert text in page.text
    assert "Active one" not in page.text
    badges = console.get(reverse("admin:badges")).json()
    assert badges[reverse(QUEUE)] == "2"
    assert "Accounts to approve" in console.get(reverse("admin:index")).text


def test_an_empty_queue_says_what_would_be_in_it(console: Client) -> None:
    assert "Nobody waits." in console.get(reverse(QUEUE)).text
    assert reverse(QUEUE) not in console.get(reverse("admin:badges")).json()


def test_one_click_approves_and_leaves_who_did_it(
    console: Client, operator: tuple[User, str]
) -> None:
    account = connected("mexc")
    page = _answer(console, account, "approve")
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE
    assert "Approved" in page
    event = AccountEvent.objects.filter(account=account).latest("pk")
    assert (event.cause, event.by) == ("approve", operator[0])
    assert LogEntry.objects.get().object_id == str(account.pk)


def test_a_rejection_needs_a_reason_that_the_owner_reads(console: Client) -> None:
    account = connected("mexc")
    assert "Say why" in _answer(console, account, "reject")
    account.refresh_from_db()
    assert account.state == AccountState.PENDING_APPROVAL
    _answer(console, account, "reject", "Residence not served")
    account.refresh_from_db()
    assert (account.state, account.state_reason) == ("rejected", "Residence not served")
    owner = Client()
    owner.force_login(account.user)
    assert "Residence not served" in owner.get(reverse("exchange-accounts")).text


def test_the_second_of_two_operators_is_told_and_changes_nothing(console: Client) -> None:
    account = connected("mexc")
    _answer(console, account, "approve")
    page = _answer(console, account, "reject", "Too late now")
    assert "does not allow this" in page
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE


@pytest.mark.parametrize("given", [{}, {"account": "x", "answer": "approve"}])
def test_a_mangled_answer_is_refused(console: Client, given: dict[str, str]) -> None:
    account = connected("mexc")
    assert console.post(reverse(QUEUE), given).status_code == 302
    nobody = {"account": str(a_person().public_id), "answer": "approve"}
    assert "There is no such account." in console.post(reverse(QUEUE), nobody, follow=True).text
    account.refresh_from_db()
    assert account.state == AccountState.PENDING_APPROVAL


def test_accounts_are_approved_from_the_list_too(act: Act) -> None:
    waiting, active = connected("mexc"), connected()
    page = act("approve", waiting, active)
    waiting.refresh_from_db()
    assert waiting.state == AccountState.ACTIVE
    assert "does not allow this" in page, "the active one is reported and holds nobody up"


def test_rejecting_from_the_list_asks_for_reason_and_code(act: Act, codes: Iterator[str]) -> None:
    account = connected("mexc")
    assert "console-confirm" in act("reject", account)
    act("reject", account, confirmed="yes", reason="Residence not served", code=next(codes))
    account.refresh_from_db()
    assert account.state_reason == "Residence not served"


def test_a_check_is_asked_for_now(act: Act, console: Client) -> None:
    account = connected()
    act("check_again", account)
    assert AccountCheck.objects.filter(account=account, ended_at=None).count() == 1
    assert console.get(reverse("admin:badges")).json()[reverse(CHECKS)] == "1"


def test_disabling_and_enabling_leave_their_reasons_in_the_history(
    act: Act, codes: Iterator[str], console: Client
) -> None:
    account = connected()
    act("disable", account, confirmed="yes", reason="odd trades seen", code=next(codes))
    account.refresh_from_db()
    assert (account.state, account.state_reason) == ("disabled", "odd trades seen")
    assert account.sealed_keys is not None
    act("enable", account, confirmed="yes", reason="explained by phone", code=next(codes))
    account.refresh_from_db()
    assert account.state == AccountState.CHECKING
    page = console.get(reverse(PAGE, args=[account.pk])).text
    assert "odd trades seen" in page
    assert "explained by phone" in page


def test_keys_of_many_accounts_are_revoked_in_one_go_with_the_stakes_said_before(
    act: Act, codes: Iterator[str]
) -> None:
    accounts = [connected(label=f"Account {number}") for number in range(3)]
    OpenPosition.objects.create(
        account=accounts[0], symbol="BTCUSDT", position_side="BOTH", quantity=Decimal("0.1"),
        entry_price=60_000, updated_at=now(),
    )  # fmt: skip
    page = act("revoke", *accounts)
    assert "Open on them now: 1 position, 0 orders." in page
    assert ExchangeAccount.objects.filter(sealed_keys=None).count() == 0
    act("revoke", *accounts, confirmed="yes", reason="venue was breached", code=next(codes))
    rows = ExchangeAccount.objects.all()
    assert {(row.state, row.state_reason, row.sealed_keys) for row in rows} == {
        ("disabled", "venue was breached", None)
    }
    assert LogEntry.objects.count() == 3


def test_a_wrong_code_revokes_nothing(act: Act) -> None:
    account = connected()
    page = act("revoke", account, confirmed="yes", reason="venue was breached", code="000000")
    assert "The code was not accepted." in page
    account.refresh_from_db()
    assert account.sealed_keys is not None


def test_checks_that_wait_and_checks_without_an_answer_are_lists(console: Client) -> None:
    account = connected()
    connecting.recheck_account(account=account, now=now())

    def silent(_question: Question) -> KeyReport:
        raise VenueUnavailable("timeout")

    AccountCheck.objects.filter(ended_at=None).update(tries=key_checks.TRIES - 1)
    open_check = AccountCheck.objects.get(ended_at=None)
    waiting = console.get(reverse(CHECKS), {"ended_at__isempty": "1"})
    assert [check.pk for check in waiting.context["cl"].result_list] == [open_check.pk]
    assert "Waiting" in waiting.text
    key_checks.run_check(check_id=open_check.pk, ask=silent, clock=now)
    failed = console.get(reverse(CHECKS), {"outcome__exact": "no_answer"})
    assert [check.pk for check in failed.context["cl"].result_list] == [open_check.pk]
    assert "1 without an answer in the last hour" in console.get(reverse("admin:index")).text


def test_from_a_check_its_account_is_checked_again(console: Client) -> None:
    account = connected()
    done = AccountCheck.objects.get(account=account)
    console.post(reverse(CHECKS), {"action": "check_again", "_selected_action": [done.pk]})
    assert AccountCheck.objects.filter(account=account, ended_at=None).exists()


def test_keys_that_wait_in_a_check_are_not_even_read(console: Client) -> None:
    accounts_cast.connected(a_person(), report=None, venue="mexc")
    with CaptureQueriesContext(connection) as queries:
        page = console.get(reverse(CHECKS)).text
    assert "canary" not in page
    assert not [q for q in queries if '"trading_accountcheck"."sealed_keys"' in q["sql"]]


def test_support_sees_the_queue_and_cannot_answer(sign_in: Callable[..., Client]) -> None:
    colleague = services.register_many(
        people=[services.NewPerson("s@example.com", "", Role.SUPPORT, "correct horse battery")]
    )[0]
    browser = sign_in(colleague, pyotp.TOTP(services.enrol_totp(user=colleague)).now())
    account = connected("mexc")
    page = browser.get(reverse(QUEUE)).text
    assert "Main" in page
    assert 'value="approve"' not in page
    given = {"account": str(account.public_id), "answer": "approve"}
    assert browser.post(reverse(QUEUE), given).status_code == 403
    account.refresh_from_db()
    assert account.state == AccountState.PENDING_APPROVAL


def test_a_form_of_another_site_approves_nothing(operator: tuple[User, str]) -> None:
    account = connected("mexc")
    hostile = Client(enforce_csrf_checks=True)
    hostile.force_login(operator[0])
    given = {"account": str(account.public_id), "answer": "approve"}
    assert hostile.post(reverse(QUEUE), given).status_code == 403
    account.refresh_from_db()
    assert account.state == AccountState.PENDING_APPROVAL


def test_a_trader_finds_no_queue(sign_in: Callable[..., Client], trader: User) -> None:
    browser = sign_in(trader)
    for name in (QUEUE, LIST, CHECKS):
        assert browser.get(reverse(name)).status_code == 404
    account = an_account(keys=KEYS)
    assert browser.get(reverse(PAGE, args=[account.pk])).status_code == 404
