"""Actions: authorise, delegate each object, report; dangerous ones ask why and for a fresh code."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import OtpUsed, Role, TotpDevice, User

pytestmark = pytest.mark.django_db
PEOPLE = "admin:accounts_user_changelist"


@pytest.fixture
def act(console: Client) -> Callable[..., str]:
    """Run an action on people and return the page it ends on."""

    def run(action: str, *people: User, browser: Client = console, **fields: str) -> str:
        data = {"action": action, "_selected_action": [person.pk for person in people], **fields}
        return browser.post(reverse(PEOPLE), data, follow=True).content.decode()

    return run


@pytest.fixture
def fresh(operator: tuple[User, str], console: Client) -> str:
    """A code the operator has not used: the step after the one that signed in."""
    return pyotp.TOTP(operator[1]).at(OtpUsed.objects.get().step * 30 + 30)


def test_a_dangerous_action_first_asks_and_changes_nothing(
    act: Callable[..., str], trader: User
) -> None:
    services.enrol_totp(user=trader)
    page = act("remove_second_factor", trader)
    assert "console-confirm" in page
    assert "trader@example.com" in page
    assert TotpDevice.objects.filter(user=trader).exists()


def test_with_reason_and_fresh_code_it_acts_and_leaves_the_reason(
    act: Callable[..., str], trader: User, fresh: str
) -> None:
    services.enrol_totp(user=trader)
    act("remove_second_factor", trader, confirmed="yes", reason="lost the phone", code=fresh)
    assert not TotpDevice.objects.filter(user=trader).exists()
    assert "lost the phone" in LogEntry.objects.get().change_message


@pytest.mark.parametrize("reason", ["", "no"])
def test_without_a_reason_it_does_nothing_and_the_code_stays_good(
    reason: str, act: Callable[..., str], trader: User, fresh: str
) -> None:
    services.enrol_totp(user=trader)
    act("remove_second_factor", trader, confirmed="yes", reason=reason, code=fresh)
    assert TotpDevice.objects.filter(user=trader).exists()
    assert OtpUsed.objects.count() == 1


def test_the_code_that_signed_in_does_not_confirm(
    act: Callable[..., str], operator: tuple[User, str], trader: User
) -> None:
    services.enrol_totp(user=trader)
    spent = pyotp.TOTP(operator[1]).at(OtpUsed.objects.get().step * 30)
    page = act("remove_second_factor", trader, confirmed="yes", reason="lost phone", code=spent)
    assert "The code was not accepted." in page
    assert TotpDevice.objects.filter(user=trader).exists()


def test_one_refusal_is_reported_and_the_others_go_on(
    act: Callable[..., str], operator: tuple[User, str], trader: User, fresh: str
) -> None:
    page = act(
        "make_support", operator[0], trader, confirmed="yes", reason="new colleague", code=fresh
    )
    trader.refresh_from_db()
    assert trader.role == Role.SUPPORT
    assert "The last owner keeps the role." in page
    assert User.objects.get(pk=operator[0].pk).role == Role.OWNER


def test_support_sees_people_and_may_do_nothing_to_them(
    act: Callable[..., str], trader: User, sign_in: Callable[..., Client]
) -> None:
    colleague = services.register_many(
        people=[
            services.NewPerson("s@example.com", role=Role.SUPPORT, password="correct horse battery")
        ]
    )[0]
    secret = services.enrol_totp(user=colleague)
    browser = sign_in(colleague, pyotp.TOTP(secret).now())
    services.enrol_totp(user=trader)
    page = act("remove_second_factor", trader, browser=browser)
    assert "trader@example.com" in page
    assert "console-confirm" not in page
    assert TotpDevice.objects.filter(user=trader).exists()


def test_rows_are_never_deleted_from_a_list(act: Callable[..., str], trader: User) -> None:
    act("delete_selected", trader, post="yes")
    assert User.objects.filter(pk=trader.pk).exists()
