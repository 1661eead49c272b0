"""Signing up, confirming, forgetting the password: nobody learns who has an account."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from accounts.hashing import BoundedArgon2
from accounts.mails import MAILS, compose
from accounts.models import User
from tests.api.cast import a_key
from tests.cast import a_person

pytestmark = pytest.mark.django_db
PASSWORD, NEW = "a long passphrase indeed", "another phrase, quite as long"


def _sign_up(email: str, **headers: str) -> tuple[Client, Any]:
    browser = Client(headers=headers)
    given = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    return browser, browser.post(reverse("account_signup"), given)


def _told(answer: Any) -> tuple[int, str, str]:
    page = re.sub(r'(csrfmiddlewaretoken" value="|content=")[^"]+', "", answer.text)
    return answer.status_code, answer.get("Location", ""), page


def _link(part: str, letter: Any = None) -> str:
    body = (letter or mail.outbox[-1]).body
    return next(word for word in body.split() if part in word)


def _is_in(browser: Client) -> bool:
    return "_auth_user_id" in browser.session


def test_a_new_person_confirms_the_address_within_a_day_and_signs_in(
    time_machine: TimeMachineFixture,
) -> None:
    browser, _answer = _sign_up("Ann@Example.com", **{"Accept-Language": "uk"})
    person = User.objects.get(email="ann@example.com")
    assert (person.role, person.locale, _is_in(browser)) == ("trader", "uk", False)
    login = {"login": person.email, "password": PASSWORD}
    browser.post(reverse("account_login"), login)
    assert not _is_in(browser)
    address, start = _link("confirm-email"), datetime.now(UTC)
    time_machine.move_to(start + timedelta(hours=25))
    Client().post(address)
    assert not EmailAddress.objects.get().verified
    time_machine.move_to(start + timedelta(hours=23))
    Client().post(address)
    assert EmailAddress.objects.get().verified
    browser.post(reverse("account_login"), login)
    assert _is_in(browser)


class CountingHasher(BoundedArgon2):
    """What ``settings.PASSWORD_HASHERS`` names in the next test."""

    hashed = 0

    def encode(self, password: str, salt: str) -> str:
        CountingHasher.hashed += 1
        return super().encode(password, salt)


def test_a_taken_address_gets_the_same_page_after_the_same_work(settings: Any) -> None:
    taken = a_person(password=PASSWORD)
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    counts = []
    for email in ("new@example.com", taken.email):
        before = CountingHasher.hashed
        counts.append((_told(_sign_up(email)[1]), CountingHasher.hashed - before))
    assert counts[0] == counts[1]
    assert counts[0][1] == 1
    assert [each.to for each in mail.outbox] == [["new@example.com"], [taken.email]]
    assert "You have an account already" in mail.outbox[1].subject
    assert User.objects.filter(email=taken.email).count() == 1


def test_a_forgotten_password_is_answered_alike_and_by_one_mail_each() -> None:
    person = a_person(password=PASSWORD)
    address = reverse("account_reset_password")
    known = Client().post(address, {"email": person.email}, follow=True)
    unknown = Client().post(address, {"email": "nobody@example.com"}, follow=True)
    assert _told(known) == _told(unknown)
    assert [each.to for each in mail.outbox] == [[person.email], ["nobody@example.com"]]


def test_a_reset_ends_keys_signs_nobody_in_and_works_once() -> None:
    person = a_person(password=PASSWORD)
    key = a_key(person, "market:read").key
    Client().post(reverse("account_reset_password"), {"email": person.email})
    address = _link("password/reset/key")
    browser = Client()
    form = browser.get(address)["Location"]
    given = {"password1": NEW, "password2": NEW}
    assert browser.post(form, given).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None
    assert not _is_in(browser)
    assert "Location" not in Client().get(address)  # where the form was
    person.refresh_from_db()
    assert person.check_password(NEW)
    assert mail.outbox[-1].to == [person.email]


def test_mails_are_asked_for_once_in_three_minutes(time_machine: TimeMachineFixture) -> None:
    _sign_up("ann@example.com")
    for _ in range(3):
        Client().post(reverse("account_login"), {"login": "ann@example.com", "password": PASSWORD})
    assert len(mail.outbox) == 1


def _asks(email: str, number: int) -> Any:
    """From another address each time, so that nobody has to solve a puzzle."""
    browser = Client(REMOTE_ADDR=f"198.51.100.{number}")
    return browser.post(reverse("account_reset_password"), {"email": email}, follow=True)


def test_nobody_fills_a_mailbox_or_keeps_its_reader_from_a_new_password() -> None:
    """By whoever typed the address, and whether it has an account."""
    person, stranger = a_person(password=PASSWORD), "nobody@example.com"
    pages = {_told(_asks(who, n)) for n in range(8) for who in (person.email, stranger)}
    assert len(pages) == 1
    assert sorted(each.to[0] for each in mail.outbox) == sorted([person.email, stranger] * 3)
    first = next(each for each in mail.outbox if each.to == [person.email])
    browser = Client()
    form = browser.get(_link("password/reset/key", first))["Location"]
    browser.post(form, {"password1": NEW, "password2": NEW})
    person.refresh_from_db()
    assert person.check_password(NEW)


def test_an_address_asks_for_ten_mails_a_minute_and_is_refused_then() -> None:
    browser = Client()
    answers = [
        browser.post(reverse(name), {"email": f"{number}@example.com"}).status_code
        for number in range(5)
        for name in ("account_reset_password", "account_signup")
    ]
    assert 429 not in answers
    refused = browser.post(reverse("account_reset_password"), {"email": "x@example.com"})
    assert refused.status_code == 429
    assert int(refused["Retry-After"]) <= 66


@pytest.mark.parametrize("name", sorted(MAILS))
def test_every_mail_is_text_and_html_in_the_persons_language(name: str) -> None:
    person = a_person()
    User.objects.filter(pk=person.pk).update(locale="es")
    context = {
        "activate_url": "https://x/a", "password_reset_url": "https://x/a",
        "signup_url": "https://x/a", "from_email": "<b>@x", "to_email": "new@x",
        "ip": "198.51.100.7", "user_agent": "<script>Firefox/140.0", "timestamp": None,
    }  # fmt: skip
    letter = compose(name, person.email, context)
    assert isinstance(letter, EmailMultiAlternatives)
    html, kind = letter.alternatives[0]
    assert kind == "text/html"
    assert 'lang="es"' in str(html)
    assert "<script>" not in str(html)
    assert "<b>" not in str(html)
    assert "\n" not in letter.subject
    if MAILS[name].notice:
        assert "198.51.100.7, Firefox, Other" in letter.body
    else:
        assert "https://x/a" in letter.body
        assert 'href="https://x/a"' in str(html)


def test_a_mail_server_that_is_away_answers_alike(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    person = a_person(password=PASSWORD)
    address = reverse("account_reset_password")
    answers = [Client().post(address, {"email": who}) for who in (person.email, "nobody@x.com")]
    assert [each.status_code for each in answers] == [503, 503]
