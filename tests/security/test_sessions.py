"""A session changes its name at sign-in and is worth nothing once it has ended."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.cast import a_person

pytestmark = [pytest.mark.django_db, pytest.mark.security(11)]
PASSWORD = "correct horse battery"


def _signed_in(person: User) -> Client:
    browser = Client()
    browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    return browser


def _replayed(browser: Client) -> Client:
    """Another browser with a copy of the cookie."""
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = browser.session.session_key or ""
    return thief


def _is_in(browser: Client) -> bool:
    return browser.get(reverse("settings")).status_code == 200


def test_a_session_that_was_planted_before_the_sign_in_is_not_the_one_after_it() -> None:
    person, browser = a_person(password=PASSWORD), Client()
    planted = browser.session
    planted["x"] = 1
    planted.save()
    browser.cookies[settings.SESSION_COOKIE_NAME] = planted.session_key or ""
    browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert _is_in(browser)
    assert browser.session.session_key != planted.session_key
    assert len(browser.session.session_key or "") >= 26, "128 bits in 36 signs"


def _signs_out(person: User, browser: Client) -> None:
    browser.post(reverse("account_logout"))


def _is_blocked(person: User, browser: Client) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def _changes_the_password(person: User, browser: Client) -> None:
    person.set_password("another horse battery")
    person.save()


@pytest.mark.parametrize("end", [_signs_out, _is_blocked, _changes_the_password])
def test_a_copied_cookie_is_worth_nothing_after_its_session_ended(
    end: Callable[[User, Client], None],
) -> None:
    person = a_person(password=PASSWORD)
    browser = _signed_in(person)
    thief = _replayed(browser)
    assert _is_in(thief)
    end(person, browser)
    assert not _is_in(thief)


def test_no_session_lives_for_ever() -> None:
    assert settings.SESSION_COOKIE_AGE <= 14 * 24 * 3_600
