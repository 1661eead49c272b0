"""A trader tests, renames, gives new keys and removes; nobody else can."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from mimic.ops.embedded.valkey import Valkey
from tests.cast import VENUE, a_follower, a_person, a_strategy, an_account
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
from trading.execution import connecting
from trading.execution.connection_states import REMOVED
from trading.execution.key_limits import CHECKS, TooManyChecks, count_check
from trading.models import (
    AccountCheck,
    AccountEvent,
    AccountState,
    Position,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def venues() -> None:
    stock_venues()


@pytest.fixture
def trader() -> Trader:
    return Trader()


def test_the_sixth_test_within_ten_minutes_is_refused_with_a_code(trader: Trader) -> None:
    account = connected(trader.user)
    test = reverse("exchange-account-test", args=[account.public_id])
    for _ in range(CHECKS):
        assert "connection.too_many_checks" not in trader.browser.post(test, follow=True).text
    before = AccountCheck.objects.count()
    page = trader.browser.post(test, follow=True).text
    assert "You tested keys too often. Try again in 10 min (connection.too_many_checks)." in page
    answer = trader.connect(label="Second")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 500
    assert "connection.too_many_checks" in answer.text
    assert AccountCheck.objects.count() == before


def test_one_persons_tests_do_not_hold_up_another(trader: Trader) -> None:
    for _ in range(CHECKS):
        count_check(trader.user.pk)
    with pytest.raises(TooManyChecks):
        count_check(trader.user.pk)
    count_check(a_person().pk)


@pytest.mark.chaos
def test_without_redis_keys_can_still_be_tested(valkey: Valkey) -> None:
    valkey.stop()
    for _ in range(CHECKS + 1):
        count_check(1)


def test_nobody_sees_or_touches_another_persons_account(trader: Trader) -> None:
    account = connected(a_person())
    for name in ("exchange-account", "exchange-account-state", "exchange-account-keys"):
        assert trader.browser.get(reverse(name, args=[account.public_id])).status_code == 404
    given = {"label": "Mine", "word": "REMOVE", "code": trader.code(), **KEYS}
    for part in ("test", "rename", "keys", "remove"):
        url = reverse(f"exchange-account-{part}", args=[account.public_id])
        assert trader.browser.post(url, given).status_code == 404
    assert str(account.public_id) not in trader.page(LIST)
    account.refresh_from_db()
    assert (account.label, account.state) == ("Main", AccountState.ACTIVE)
    assert AccountCheck.objects.filter(account=account).count() == 1


def test_forms_of_other_sites_change_nothing(trader: Trader) -> None:
    account = connected(trader.user)
    hostile = Client(enforce_csrf_checks=True)
    hostile.force_login(trader.user)
    given = {"label": "x", "word": "REMOVE", "code": trader.code(), **KEYS}
    urls = [
        reverse(f"exchange-account-{part}", args=[account.public_id])
        for part in ("test", "rename", "keys", "remove")
    ]
    for url in (*urls, reverse("exchange-account-connect", args=[VENUE])):
        assert hostile.post(url, given).status_code == 403
    assert AccountEvent.objects.filter(account=account).count() == 2


def test_an_account_is_renamed_to_a_free_name(trader: Trader) -> None:
    account, other = connected(trader.user), connected(trader.user, "Other")
    url = reverse("exchange-account-rename", args=[account.public_id])
    assert (
        "connection.label_taken" in trader.browser.post(url, {"label": "Other"}, follow=True).text
    )
    assert "1 to 60" in trader.browser.post(url, {"label": " "}, follow=True).text
    trader.browser.post(url, {"label": "Swing"})
    account.refresh_from_db()
    assert (account.label, other.label) == ("Swing", "Other")


def test_new_keys_are_checked_while_the_old_ones_stay(trader: Trader) -> None:
    account = connected(trader.user)
    url = reverse("exchange-account-keys", args=[account.public_id])
    before = bytes(account.sealed_keys or b"")
    given = {"api_key": "canary-new", "secret": "canary-newer", "code": trader.code()}
    assert trader.browser.post(url, given).status_code == 302
    account.refresh_from_db()
    assert (account.state, bytes(account.sealed_keys or b"")) == (AccountState.ACTIVE, before)
    checked(account, FINE)
    account.refresh_from_db()
    assert kept_keys(account).secret == "canary-newer"


def test_removing_erases_the_keys_and_keeps_the_history(trader: Trader) -> None:
    account = connected(trader.user)
    a_follower(a_strategy().strategy, account=account)
    url = reverse("exchange-account-remove", args=[account.public_id])
    assert "1 copy trades on this account" in trader.browser.get(url).text
    assert trader.browser.post(url, {"word": "remove", "code": "1"}).status_code == 422
    trader.browser.post(url, {"word": "REMOVE", "code": trader.code()})
    account.refresh_from_db()
    assert (account.state, account.state_reason) == (AccountState.DISABLED, REMOVED)
    assert account.sealed_keys is None
    event = AccountEvent.objects.filter(account=account).latest("pk")
    assert (event.cause, event.by) == ("remove", trader.user)
    page = trader.page(LIST)
    assert "1 removed account" in page
    assert reverse("exchange-account", args=[account.public_id]) not in page
    assert trader.browser.get(url).status_code == 404
    assert "LIVE" not in trader.page("home")


def test_an_account_with_an_open_position_cannot_be_removed(trader: Trader) -> None:
    account = connected(trader.user)
    Position.objects.create(
        account=account, symbol="BTCUSDT", position_side="BOTH", quantity=Decimal("0.1"),
        entry_price=60_000, updated_at=now(),
    )  # fmt: skip
    url = reverse("exchange-account-remove", args=[account.public_id])
    page = trader.browser.get(url).text
    assert "open positions 1, orders at work 0" in page
    assert "word" not in page.split("<main")[1].split("foot")[0]
    answer = trader.browser.post(url, {"word": "REMOVE", "code": trader.code()})
    assert answer.status_code == 409
    assert "connection.in_use" in answer.text
    account.refresh_from_db()
    assert account.state == AccountState.ACTIVE
    assert account.sealed_keys is not None


def test_what_an_operator_disabled_stays_disabled_for_their_reason_when_removed(
    trader: Trader,
) -> None:
    account, operator = connected(trader.user), a_person()
    connecting.disable_account(account=account, by=operator, reason="Odd trades", now=now())
    connecting.remove_account(account=account, by=trader.user, now=now())
    account.refresh_from_db()
    assert (account.state_reason, account.sealed_keys) == ("Odd trades", None)
    assert "Odd trades" in trader.page(LIST)


def test_a_paper_account_has_no_keys_to_change(trader: Trader) -> None:
    account = an_account(trader.user)
    page = trader.page("exchange-account", account.public_id)
    assert "Nothing reaches an exchange." in page
    for part in ("keys", "remove"):
        url = reverse(f"exchange-account-{part}", args=[account.public_id])
        assert url not in page
        assert trader.browser.get(url).status_code == 404
    test = reverse("exchange-account-test", args=[account.public_id])
    assert "connection.no_keys" in trader.browser.post(test, follow=True).text
