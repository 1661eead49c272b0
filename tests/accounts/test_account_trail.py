"""Whatever lets a person in, or is done about it, leaves one entry, with no secret in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.lockout import MOST_FAILURES, Attempt, guarded
from accounts.models import BrowserSession, TelegramAccount, User
from accounts.services import api_keys
from accounts.services.telegram import TelegramTaken, link_telegram, unlink_telegram
from accounts.telegram.checks import Told
from mimic.audit.models import Entry
from mimic.audit.selectors import private_parts
from mimic.core.errors import TooManyRequests
from tests.api.cast import a_key
from tests.api.programs import log_in
from tests.cast import a_person
from tests.console.cast import PASSWORD, signed_in
from tests.web.accounts_cast import Trader, now

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.security(27)]
NEW = "another phrase, quite as long"
SIGN_IN = ("accounts.sign_in", {"by": ["password"]})
REFUSED = ("accounts.sign_in.fail", {"why": "password"})
Facts = tuple[str, dict[str, Any]]


def _link(part: str) -> str:
    return next(word for word in str(mail.outbox[-1].body).split() if part in word)


def _guesses(email: str) -> None:
    for _ in range(MOST_FAILURES):
        guarded(Attempt(email, "203.0.113.8"), lambda: None)


def _signs_up(_person: User) -> list[Facts]:
    given = {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    Client().post(reverse("account_signup"), given)
    Client().post(_link("confirm-email"))
    Client().post(reverse("account_signup"), given)  # that address is taken: nobody signed up
    return [("accounts.sign_up", {}), ("accounts.email.confirm", {})]


def _signs_in_and_out(person: User) -> list[Facts]:
    login = reverse("account_login")
    Client().post(login, {"login": "nobody@example.com", "password": PASSWORD})
    browser = signed_in(person)
    browser.post(reverse("account_logout"))
    return [REFUSED, SIGN_IN, ("accounts.sign_out", {})]


def _is_locked_out(person: User) -> list[Facts]:
    _guesses(person.email)
    with pytest.raises(TooManyRequests):
        _guesses(person.email)
    what = ["address", "account there", "account elsewhere"]
    return [("accounts.lock_out", {"what": what, "minutes": 15})]


def _changes_the_address(person: User) -> list[Facts]:
    browser = signed_in(person)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    browser.post(reverse("account_email"), {"action_add": "", "email": "new@example.com"})
    browser.post(_link("confirm-email"))
    return [
        SIGN_IN,
        ("accounts.step_up", {"by": "password"}),
        ("accounts.email.confirm", {}),
        ("accounts.email.change", {}),
    ]


def _changes_the_password(person: User) -> list[Facts]:
    here, _there = signed_in(person), signed_in(person)
    given = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    here.post(reverse("account_change_password"), given)
    return [
        SIGN_IN, SIGN_IN,
        ("accounts.password.change", {"by_mail": False, "programs": 0, "keys": 0}),
        ("accounts.session.end", {"device": ""}),
    ]  # fmt: skip


def _resets_the_password(person: User) -> list[Facts]:
    a_key(person, "market:read")
    Client().post(reverse("account_reset_password"), {"email": person.email})
    browser = Client()
    form = browser.get(_link("password/reset/key"))["Location"]
    browser.post(form, {"password1": NEW, "password2": NEW})
    made = {"prefix": person.api_keys.get().prefix, "scopes": ["market:read"], "follows": None}
    return [
        ("accounts.api_key.make", made),
        ("accounts.password.change", {"by_mail": True, "programs": 0, "keys": 1}),
    ]


def _has_factors(person: User) -> list[Facts]:
    trader = Trader()
    spare = services.make_recovery_codes(user=trader.user)[0]
    services.accept_login_code(user=trader.user, code=spare)
    services.accept_login_code(user=trader.user, code=spare)
    services.verify_second_factor(user=trader.user, code=trader.code())
    with pytest.raises(services.SecondFactorRefused):
        services.verify_second_factor(user=trader.user, code="000000")
    app = Authenticator.objects.get(user=trader.user, type=Authenticator.Type.TOTP)
    services.remove_factor(user=trader.user, authenticator_id=app.pk)
    return [
        ("accounts.sign_in", {"by": []}),
        ("accounts.recovery_codes.make", {}),
        ("accounts.recovery_codes.spend", {"left": 9}),
        ("accounts.second_factor.refuse", {"at": "sign-in"}),
        ("accounts.second_factor.spend", {}),
        ("accounts.second_factor.refuse", {"at": "deed"}),
        ("accounts.second_factor.remove", {"kind": "totp"}),
    ]


def _ends_sessions(person: User) -> list[Facts]:
    here, *_others = [signed_in(person) for _ in range(3)]
    first = BrowserSession.objects.exclude(session_key=here.session.session_key).earliest("pk")
    here.post(reverse("session-end", args=[first.public_id]))
    here.post(reverse("sessions-end-others"))
    here.get(reverse("settings"), REMOTE_ADDR="203.0.113.9")
    ended = ("accounts.session.end", {"device": ""})
    refused: list[Facts] = [("accounts.session.refuse", {}), ("accounts.sign_out", {})]
    return [SIGN_IN, SIGN_IN, SIGN_IN, ended, ended, *refused]


def _links_telegram(person: User) -> list[Facts]:
    told = Told(42, "Ann", "ann", b"", now())
    link_telegram(user=person, told=told, now=now())
    with pytest.raises(TelegramTaken):
        link_telegram(user=a_person(), told=told, now=now())
    unlink_telegram(user=person)
    unlink_telegram(user=person)
    assert not TelegramAccount.objects.exists()
    return [("accounts.telegram.link", {}), ("accounts.telegram.unlink", {})]


def _has_keys(person: User) -> list[Facts]:
    first = api_keys.create_key(
        user=person, terms=api_keys.Terms("bot", ["market:read"], [], None), now=now()
    )
    second = api_keys.rotate_key(key=first.key, overlap=api_keys.LONGEST_OVERLAP, now=now())
    api_keys.revoke_key(key=second.key, now=now())
    old, new = first.key.prefix, second.key.prefix
    return [
        ("accounts.api_key.make", {"prefix": old, "scopes": ["market:read"], "follows": None}),
        ("accounts.api_key.make", {"prefix": new, "scopes": ["market:read"], "follows": old}),
        ("accounts.api_key.revoke", {"prefix": new}),
    ]


def _signs_programs_in(person: User) -> list[Facts]:
    log_in(person.email)
    trader = Trader()
    trader.user.set_password(PASSWORD)
    trader.user.save()
    log_in(trader.user.email, code="000000", address="203.0.113.7")
    return [
        ("accounts.program.sign_in", {"second_factor": False}),
        ("accounts.sign_in", {"by": []}),
        ("accounts.second_factor.refuse", {"at": "sign-in"}),
    ]


DEEDS = [
    _signs_up, _signs_in_and_out, _is_locked_out, _changes_the_address, _changes_the_password,
    _resets_the_password, _has_factors, _ends_sessions, _links_telegram, _has_keys,
    _signs_programs_in,
]  # fmt: skip


@pytest.mark.parametrize("deeds", DEEDS)
def test_what_lets_a_person_in_leaves_entries(deeds: Callable[[User], list[Facts]]) -> None:
    told = deeds(a_person(password=PASSWORD))
    entries = list(Entry.objects.order_by("pk"))
    assert [(entry.action, entry.facts) for entry in entries] == told
    said = f"{[(each.facts, private_parts([each])[each.pk]) for each in entries]}"
    assert PASSWORD not in said
    assert NEW not in said


def test_entries_name_whose_deed_it_was_and_whom_it_is_about() -> None:
    person = a_person(password=PASSWORD)
    signed_in(person)
    _guesses(person.email.upper())
    entered, locked = (
        Entry.objects.filter(action=f"accounts.{name}").latest("pk")
        for name in ("sign_in", "lock_out")
    )
    assert (entered.actor_id, entered.subject_id) == (person.pk, person.pk)
    assert (locked.actor_id, locked.subject_id) == (None, person.pk)
    private = private_parts([locked])[locked.pk] or {}
    assert private["account"] == person.email
