"""The cast of the console's stories: an operator with an app, one without, a trader."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
import pytest
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import Role, User

PASSWORD = "correct horse battery"


def _register(email: str, role: Role) -> User:
    return services.register_many(
        people=[services.NewPerson(email=email, role=role, password=PASSWORD)]
    )[0]


def signed_in(person: User, code: str = "") -> Client:
    """A browser past the login: the password, then the code if one is given."""
    browser = Client()
    browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    if code:
        browser.post(reverse("mfa_authenticate"), {"code": code})
    return browser


def an_operators_browser(email: str) -> Client:
    """Of a new owner with an app, past password and code."""
    person = _register(email, Role.OWNER)
    return signed_in(person, pyotp.TOTP(services.enrol_totp(user=person)).now())


@pytest.fixture
def operator(db: None) -> tuple[User, str]:
    """An owner and the secret in their authenticator app."""
    person = _register("operator@example.com", Role.OWNER)
    return person, services.enrol_totp(user=person)


@pytest.fixture
def admin_without_app(db: None) -> User:
    return _register("admin@example.com", Role.ADMIN)


@pytest.fixture
def trader(db: None) -> User:
    return _register("trader@example.com", Role.TRADER)


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """Sign in as a browser would."""
    return signed_in


@pytest.fixture
def console(operator: tuple[User, str], sign_in: Callable[..., Client]) -> Client:
    """The operator's browser, past password and code."""
    person, secret = operator
    return sign_in(person, pyotp.TOTP(secret).now())
