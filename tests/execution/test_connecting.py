"""A person connects a Binance account: the keys are tried at the venue before they are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import override_settings

from accounts.models import User
from mimic.core.errors import ValidationFailed
from mimic.core.sealing import BOX_VERSION
from tests.cast import VENUE, a_person, a_venue
from tests.simulators.binance import BinanceSimulator
from trading import tasks
from trading.domain.keys import KeyReport
from trading.domain.ports import Credentials
from trading.execution import connecting, key_checks, signer
from trading.execution.connection_states import TABLE, Cause
from trading.execution.connection_wording import explain_state
from trading.execution.runtime import stop_dispatcher
from trading.market.catalogue import sync_venues
from trading.models import (
    AccountCheck,
    AccountEvent,
    AccountState,
    CheckOutcome,
    ExchangeAccount,
    Venue,
)
from trading.venues.catalogue import catalogue
from trading.venues.credentials import key_context, unpack

pytestmark = pytest.mark.django_db(transaction=True)

GOOD = Credentials("key-good", "secret-good")
NEWER = Credentials("key-newer", "secret-newer")
GREEDY = Credentials("key-greedy", "secret-greedy")
IDLE = Credentials("key-idle", "secret-idle")
REVOKED = Credentials("key-revoked", "secret-revoked")
CONFIG = "GET /fapi/v1/accountConfig"


@pytest.fixture(scope="module")
def running() -> Iterator[BinanceSimulator]:
    with BinanceSimulator().run_in_thread() as simulator:
        yield simulator


@pytest.fixture
def venue(running: BinanceSimulator, settings: LazySettings) -> Iterator[BinanceSimulator]:
    settings.VENUE_URLS = {VENUE: running.base_url}
    running.command("POST /_sim/reset", {})
    accounts = [
        {"api_key": "key-good", "secret": "secret-good", "name": "good", "hedge": True},
        {"api_key": "key-newer", "secret": "secret-newer", "name": "newer"},
        {"api_key": "key-greedy", "secret": "secret-greedy", "name": "g", "withdrawals": True},
        {"api_key": "key-idle", "secret": "secret-idle", "name": "idle", "may_trade": False},
        {"api_key": "key-revoked", "secret": "secret-revoked", "name": "r", "revoked": True},
    ]
    running.command("POST /_sim/accounts", accounts)
    Venue.objects.filter(code=VENUE).delete()
    sync_venues()
    yield running
    stop_dispatcher()


@pytest.fixture
def trader() -> User:
    return a_person()


@pytest.fixture
def operator() -> User:
    return a_person()


def _now() -> datetime:
    return datetime.now(UTC)


def connect(trader: User, keys: Credentials, **changes: Any) -> ExchangeAccount:
    given: dict[str, Any] = {"label": "Main", "demo": False, "now": _now()} | changes
    return connecting.connect_account(
        user=trader, venue=Venue.objects.get(code=VENUE), credentials=keys, **given
    )


def check(account: ExchangeAccount) -> AccountCheck:
    """The newest check, done as the worker does it; the account is read anew."""
    newest = AccountCheck.objects.filter(account=account).latest("pk")
    tasks.check_account(check_id=newest.pk)
    newest.refresh_from_db()
    account.refresh_from_db()
    return newest


def kept_keys(account: ExchangeAccount) -> Credentials:
    row = bytes(account.sealed_keys or b"")
    return unpack(signer.unwrap(row, context=key_context(account.public_id)))


def causes(account: ExchangeAccount) -> list[str]:
    events = AccountEvent.objects.filter(account=account).order_by("pk")
    return [event.cause for event in events]


def test_good_keys_become_an_active_account_with_the_facts_noted(
    venue: BinanceSimulator, trader: User
) -> None:
    account = connect(trader, GOOD)
    assert account.state == AccountState.CHECKING
    assert account.sealed_keys is None
    done = check(account)
    assert (account.state, account.state_reason) == (AccountState.ACTIVE, "")
    assert kept_keys(account) == GOOD
    assert (done.outcome, done.sealed_keys) == (CheckOutcome.PASSED, None)
    assert (done.can_trade, done.can_withdraw, done.ip_restricted) == (True, False, True)
    assert (done.hedge, done.margin_mode) == (True, "cross")
    assert abs(done.clock_ahead_ms or 0) < 1_000
    assert causes(account) == ["submit", "admit"]


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        (GREEDY, "keys.can_withdraw"),
        (IDLE, "keys.cannot_trade"),
        (REVOKED, "keys.refused"),
        (Credentials("key-nobody", "x"), "keys.refused"),
        (Credentials("key-good", "wrong-secret"), "keys.refused"),
    ],
)
def test_keys_that_may_withdraw_or_do_not_work_are_rejected_and_not_kept(
    venue: BinanceSimulator, trader: User, keys: Credentials, reason: str
) -> None:
    account = connect(trader, keys)
    done = check(account)
    assert (account.state, account.state_reason) == (AccountState.REJECTED, reason)
    assert account.sealed_keys is None
    assert (done.outcome, done.code, done.sealed_keys) == (CheckOutcome.REFUSED, reason, None)
    assert explain_state(account) not in ("", reason)
    assert keys.secret not in done.message


def test_rejected_keys_are_replaced_by_better_ones(venue: BinanceSimulator, trader: User) -> None:
    account = connect(trader, GREEDY)
    check(account)
    connecting.replace_keys(account=account, credentials=GOOD, now=_now())
    check(account)
    assert account.state == AccountState.ACTIVE
    assert kept_keys(account) == GOOD


def test_an_account_of_a_venue_that_needs_approval_waits_for_an_operator(
    venue: BinanceSimulator, trader: User, operator: User
) -> None:
    Venue.objects.filter(code=VENUE).update(needs_approval=True)
    account = connect(trader, GOOD)
    check(account)
    assert account.state == AccountState.PENDING_APPROVAL
    connecting.approve_account(account=account, by=operator, now=_now())
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE
    assert AccountEvent.objects.filter(account=account, by=operator, cause="approve").exists()
    with pytest.raises(connecting.WrongState):
        connecting.turn_down_account(account=account, by=operator, reason="late", now=_now())


def test_a_turned_down_account_shows_the_operators_reason(
    venue: BinanceSimulator, trader: User, operator: User
) -> None:
    Venue.objects.filter(code=VENUE).update(needs_approval=True)
    account = connect(trader, GOOD)
    check(account)
    connecting.turn_down_account(account=account, by=operator, reason="Not you", now=_now())
    account.refresh_from_db()
    assert account.state == AccountState.REJECTED
    assert explain_state(account) == "Not you"


def test_new_keys_of_an_active_account_replace_the_old_ones_only_by_passing(
    venue: BinanceSimulator, trader: User
) -> None:
    account = connect(trader, GOOD)
    check(account)
    connecting.replace_keys(account=account, credentials=GREEDY, now=_now())
    assert check(account).outcome == CheckOutcome.REFUSED
    assert (account.state, kept_keys(account)) == (AccountState.ACTIVE, GOOD)
    connecting.replace_keys(account=account, credentials=NEWER, now=_now())
    assert check(account).outcome == CheckOutcome.PASSED
    assert (account.state, kept_keys(account)) == (AccountState.ACTIVE, NEWER)


def test_keys_that_stop_working_make_the_account_failing_until_they_work_again(
    venue: BinanceSimulator, trader: User
) -> None:
    account = connect(trader, GOOD)
    check(account)
    venue.command("POST /_sim/accounts", [{"api_key": "key-good", "withdrawals": True}])
    connecting.recheck_account(account=account, now=_now())
    check(account)
    assert (account.state, account.state_reason) == (AccountState.FAILING, "keys.can_withdraw")
    venue.command("POST /_sim/accounts", [{"api_key": "key-good", "withdrawals": False}])
    connecting.recheck_account(account=account, now=_now())
    check(account)
    assert account.state == AccountState.ACTIVE


def test_a_venue_without_an_answer_is_asked_again_and_proves_nothing(
    venue: BinanceSimulator, trader: User
) -> None:
    account = connect(trader, GOOD)
    venue.command("POST /_sim/inject", {"endpoint": CONFIG, "action": "garbage200", "body": "{}"})
    waiting = check(account)
    assert (account.state, waiting.outcome, waiting.tries) == (AccountState.CHECKING, "", 1)
    assert waiting.due_at > _now()
    tasks.check_account(check_id=waiting.pk)
    waiting.refresh_from_db()
    assert waiting.tries == 1, "it is not due yet"
    venue.command("DELETE /_sim/inject", {})
    AccountCheck.objects.update(due_at=_now())
    assert check(account).outcome == CheckOutcome.PASSED
    assert account.state == AccountState.ACTIVE


def test_after_the_last_try_a_new_account_is_rejected_and_an_active_one_goes_on(
    venue: BinanceSimulator, trader: User
) -> None:
    active = connect(trader, GOOD)
    check(active)
    connecting.recheck_account(account=active, now=_now())
    fresh = connect(trader, NEWER, label="Second")
    fault = {"endpoint": CONFIG, "action": "status", "status": 503, "count": 2}
    venue.command("POST /_sim/inject", fault)
    AccountCheck.objects.filter(ended_at=None).update(tries=key_checks.TRIES - 1)
    assert check(active).outcome == CheckOutcome.NO_ANSWER
    assert check(fresh).outcome == CheckOutcome.NO_ANSWER
    assert active.state == AccountState.ACTIVE
    assert (fresh.state, fresh.state_reason) == (AccountState.REJECTED, "keys.no_answer")


def test_a_clock_that_is_wrong_is_measured_and_corrected(
    venue: BinanceSimulator, trader: User
) -> None:
    venue.command("POST /_sim/inject", {"clock_skew": 20_000})
    account = connect(trader, GOOD)
    done = check(account)
    assert account.state == AccountState.ACTIVE
    assert -21_000 < (done.clock_ahead_ms or 0) < -19_000


def test_a_disabled_account_takes_new_keys_but_only_an_operator_enables_it(
    venue: BinanceSimulator, trader: User, operator: User
) -> None:
    account = connect(trader, GOOD)
    check(account)
    assert connecting.revoke_keys(account=account, by=operator, reason="leak", now=_now())
    account.refresh_from_db()
    assert (account.state, account.sealed_keys) == (AccountState.DISABLED, None)
    with pytest.raises(connecting.NoKeys):
        connecting.enable_account(account=account, by=operator, now=_now())
    connecting.replace_keys(account=account, credentials=NEWER, now=_now())
    check(account)
    assert (account.state, kept_keys(account)) == (AccountState.DISABLED, NEWER)
    connecting.enable_account(account=account, by=operator, now=_now())
    check(account)
    assert account.state == AccountState.ACTIVE


def test_a_check_that_was_overtaken_changes_nothing(
    venue: BinanceSimulator, trader: User, operator: User
) -> None:
    account = connect(trader, GOOD)
    overtaken = AccountCheck.objects.get(account=account)
    question = key_checks.begin_check(check_id=overtaken.pk, now=_now())
    assert question is not None
    connecting.disable_account(account=account, by=operator, reason="no", now=_now())
    report = KeyReport(can_trade=True, can_withdraw=False)
    key_checks.end_check(check_id=overtaken.pk, report=report, now=_now())
    account.refresh_from_db()
    overtaken.refresh_from_db()
    assert (account.state, account.sealed_keys) == (AccountState.DISABLED, None)
    assert overtaken.outcome == CheckOutcome.SUPERSEDED


def test_rights_that_a_venue_does_not_tell_need_an_operator(trader: User) -> None:
    account = ExchangeAccount(venue=a_venue())
    silent = KeyReport()
    assert key_checks.objection(silent) == ""
    assert key_checks.approval_reason(account, silent) == "approval.rights_unknown"


def test_web_seals_and_cannot_read_what_waits_for_the_check(
    venue: BinanceSimulator, trader: User
) -> None:
    with override_settings(MASTER_KEYS=()):
        account = connect(trader, GOOD)
        waiting = AccountCheck.objects.get(account=account)
        box = bytes(waiting.sealed_keys or b"")
        assert box[:1] == BOX_VERSION
        assert b"secret-good" not in box
        with pytest.raises(signer.SignerUnavailable):
            key_checks.begin_check(check_id=waiting.pk, now=_now())


def test_what_cannot_be_connected_is_said_before_anything_is_written(
    venue: BinanceSimulator, trader: User
) -> None:
    with pytest.raises(ValidationFailed) as caught:
        connect(trader, Credentials("key", ""))
    assert [problem["pointer"] for problem in caught.value.errors] == ["/secret"]
    connect(trader, GOOD)
    with pytest.raises(connecting.LabelTaken):
        connect(trader, NEWER)
    Venue.objects.filter(code=VENUE).update(enabled=False)
    with pytest.raises(connecting.VenueNotOffered):
        connect(trader, NEWER, label="Second")
    assert ExchangeAccount.objects.count() == 1


def test_lost_checks_are_nudged_and_connected_accounts_checked_daily(
    venue: BinanceSimulator, trader: User
) -> None:
    account = connect(trader, GOOD)
    later = _now() + timedelta(seconds=5)
    assert key_checks.sweep_checks(later, broker_answers=lambda: False) == 0
    assert key_checks.sweep_checks(later, broker_answers=lambda: True) == 1
    check(account)
    assert key_checks.sweep_checks(later, broker_answers=lambda: True) == 0
    assert connecting.sweep_rechecks(later) == 0
    assert connecting.sweep_rechecks(later + timedelta(days=1)) == 1
    assert AccountCheck.objects.filter(account=account, ended_at=None).count() == 1


def test_every_cause_leads_somewhere_else_and_every_state_can_be_left() -> None:
    assert TABLE.keys() == set(Cause)
    left = {source for sources, _ in TABLE.values() for source in sources}
    assert left == set(AccountState)
    assert all(became not in sources for sources, became in TABLE.values())


def test_the_catalogue_fills_the_table_and_leaves_the_operators_choice_alone() -> None:
    sync_venues()
    assert Venue.objects.count() >= len(catalogue().entries) >= 30
    offered = set(Venue.objects.filter(enabled=True).values_list("code", flat=True))
    assert offered == {"binanceusdm", "bybit", "okx"}
    assert not Venue.objects.filter(tier__gte=3, needs_approval=False).exists()
    Venue.objects.filter(code=VENUE).update(enabled=False, needs_approval=True, name="old")
    Venue.objects.filter(code="mexc").update(enabled=True, needs_approval=False)
    sync_venues()
    binance, mexc = Venue.objects.get(code=VENUE), Venue.objects.get(code="mexc")
    assert (binance.enabled, binance.needs_approval) == (False, True)
    assert (mexc.enabled, mexc.needs_approval) == (True, False)
    assert binance.name == catalogue().entries[VENUE].name
    assert binance.markets == ["linear"]
