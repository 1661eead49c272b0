"""An operator looks through a person's eyes: for minutes, touching nothing, on record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from mimic.audit.models import Entry
from mimic.audit.selectors import private_parts
from mimic.web.sign_in import people_of
from tests.cast import a_person, an_account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.security(2)]


@pytest.fixture
def person() -> User:
    account = an_account(a_person())
    account.label = "Ada's own account"
    account.save()
    return account.user


def _begin(console: Client, secret: str, person: User) -> Any:
    """The code of the sign-in is spent, so the next one is shown."""
    code = pyotp.TOTP(secret).at(datetime.now(UTC) + timedelta(seconds=30))
    form = {
        "action": "see_as", "_selected_action": [person.pk], "confirmed": "yes",
        "reason": "they asked for help", "code": code,
    }  # fmt: skip
    return console.post(reverse("admin:accounts_user_changelist"), form)


def _as_person(console: Client) -> bool:
    page = console.get(reverse("exchange-accounts")).content.decode()
    return "Ada&#x27;s own account" in page


def test_the_operator_sees_the_persons_pages_with_a_band_and_each_is_on_record(
    console: Client, operator: tuple[User, str], person: User
) -> None:
    assert not _as_person(console)
    _begin(console, operator[1], person)
    assert _as_person(console)
    page = console.get(reverse("home"))
    assert "You see the site as" in page.content.decode()
    console.post(reverse("impersonation-end"))
    assert not _as_person(console)
    begun, first, second, ended = Entry.objects.filter(action__contains="impersonation").order_by(
        "pk"
    )
    assert (begun.object_id, ended.facts) == (str(person.pk), {"why": "asked"})
    assert (private_parts([begun])[begun.pk] or {})["reason"] == "they asked for help"
    assert [(each.actor_id, each.on_behalf_of) for each in (first, second)] == [
        (operator[0].pk, person.pk)
    ] * 2
    assert second.facts == {"page": "/"}


def test_nothing_can_be_changed_and_the_console_stays_the_operators(
    console: Client, operator: tuple[User, str], person: User
) -> None:
    _begin(console, operator[1], person)
    for path in (reverse("settings"), "/api/v1/prefs", "/nowhere"):
        for method in ("post", "put", "patch", "delete"):
            answer = getattr(console, method)(path, {}, content_type="application/json")
            assert answer.status_code == 403
    problem = console.patch("/api/v1/prefs", {}, content_type="application/json").json()
    assert problem["code"] == "impersonation.read_only"
    assert console.get("/api/v1/me").json()["email"] == person.email
    assert console.get("/api/v1/admin/kill-switches").status_code == 403
    assert console.get(reverse("admin:index")).status_code == 200
    assert people_of([console.session.session_key or ""]) == [None], "sockets hear nothing"


def test_it_ends_by_itself_and_when_the_operator_may_no_more(
    console: Client, operator: tuple[User, str], person: User
) -> None:
    _begin(console, operator[1], person)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=15), tick=False):
        assert not _as_person(console)
    assert Entry.objects.latest("pk").facts == {"why": "expired"}
    session = console.session
    until = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    session["impersonation"] = {"person": person.pk, "until": until}
    session.save()
    assert _as_person(console)
    User.objects.filter(pk=operator[0].pk).update(
        role=Role.SUPPORT, is_superuser=False, is_staff=True
    )
    assert not _as_person(console)
    assert Entry.objects.latest("pk").facts == {"why": "not_allowed"}


@pytest.mark.parametrize("role", [Role.ADMIN, Role.OWNER])
def test_nobody_borrows_the_eyes_of_staff(
    console: Client, operator: tuple[User, str], role: Role
) -> None:
    other = a_person(role)
    _begin(console, operator[1], other)
    assert "impersonation" not in console.session
    assert not Entry.objects.filter(action__contains="impersonation").exists()


def test_support_and_wrong_codes_begin_nothing(
    console: Client, operator: tuple[User, str], person: User
) -> None:
    _begin(console, pyotp.random_base32(), person)
    assert "impersonation" not in console.session
    User.objects.filter(pk=operator[0].pk).update(role=Role.SUPPORT, is_superuser=False)
    _begin(console, operator[1], person)
    assert "impersonation" not in console.session
