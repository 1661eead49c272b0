"""Programs sign in, go on and sign out; what is refused is refused in the same words."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import OtpUsed, Role, TokenFamily, User
from accounts.services import enrol_totp, make_recovery_codes, remove_second_factor
from tests.api.programs import PASSWORD, call, log_in, program_of, with_password, with_token
from tests.cast import a_person
from tests.web.accounts_cast import Trader

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return a_person(password=PASSWORD)


def refusal(answer: Any) -> tuple[int, str, str]:
    told = answer.json()
    return answer.status_code, told["code"], told["detail"]


def test_a_program_signs_in_and_is_the_person(person: User) -> None:
    answer = log_in(person.email, program="my bot")
    told = answer.json()
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert told["expires_in"] == 900
    assert set(told) == {"access_token", "expires_in", "refresh_token", "refresh_expires_at"}
    me = with_token(told["access_token"]).get("/api/v1/me").json()
    assert me["email"] == person.email
    family = TokenFamily.objects.get(user=person)
    assert (family.label, family.address, family.second_factor) == ("my bot", "127.0.0.1", False)
    assert answer.cookies == {}


def test_an_app_is_asked_for_its_code_and_a_code_is_good_once() -> None:
    trader = Trader()
    with_password(trader.user)
    assert log_in(trader.user.email).status_code == 401
    assert not OtpUsed.objects.exists()
    code = trader.code()
    # the wrong attempt above costs the app a second of waiting; see test_second_factor
    trader.user.totpdevice_set.update(throttling_failure_timestamp=None)
    assert log_in(trader.user.email, code=code).status_code == 200
    assert log_in(trader.user.email, code=code).status_code == 401
    assert TokenFamily.objects.get().second_factor is True


def test_a_recovery_code_does_as_well_once() -> None:
    trader = Trader()
    with_password(trader.user)
    spare = make_recovery_codes(user=trader.user)[0]
    assert log_in(trader.user.email, code=spare).status_code == 200
    assert log_in(trader.user.email, code=spare).status_code == 401


def test_every_refusal_is_the_same(person: User) -> None:
    trader, gone = Trader(), a_person(password=PASSWORD)
    with_password(trader.user)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    unproved = a_person(password=PASSWORD)
    EmailAddress.objects.filter(user=unproved).update(verified=False)
    attempts: list[dict[str, str]] = [
        {"email": "nobody@example.com"},
        {"email": person.email, "password": "wrong horse battery"},
        {"email": trader.user.email},
        {"email": trader.user.email, "code": "000000"},
        {"email": gone.email},
        {"email": unproved.email},
        {"email": a_person(Role.ADMIN, PASSWORD).email},  # staff without an app
    ]
    answers = [
        log_in(**attempt, address=f"192.0.2.{number}") for number, attempt in enumerate(attempts)
    ]
    assert {refusal(answer) for answer in answers} == {(401, "auth.refused", "")}
    assert not TokenFamily.objects.exists()


def test_a_wrong_password_never_reaches_the_app() -> None:
    trader = Trader()
    with_password(trader.user)
    log_in(trader.user.email, password="wrong horse battery", code="000000")
    assert trader.user.totpdevice_set.get().throttling_failure_count == 0


def test_refreshing_spends_the_token_and_signing_out_ends_all(person: User) -> None:
    first = log_in(person.email).json()
    second = call("auth/refresh", {"refresh_token": first["refresh_token"]}).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert with_token(second["access_token"]).get("/api/v1/me").status_code == 200
    answer = call("auth/logout", {"refresh_token": second["refresh_token"]})
    assert (answer.status_code, answer.content) == (204, b"")
    assert with_token(second["access_token"]).get("/api/v1/me").status_code == 401
    again = call("auth/refresh", {"refresh_token": second["refresh_token"]})
    assert refusal(again) == (401, "auth.refresh_refused", "")
    assert call("auth/logout", {"refresh_token": "mr_unknown"}).status_code == 204


def test_a_wrong_token_is_refused_whatever_the_cookie_says() -> None:
    trader = Trader()
    answer = trader.browser.get("/api/v1/me", headers={"Authorization": "Bearer a.b.c"})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_token_needs_no_csrf_and_a_cookie_beside_it_changes_nothing() -> None:
    trader = Trader()
    program = program_of(trader)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(a_person())
    answer = strict.patch(
        "/api/v1/prefs",
        {"theme": "professional"},
        content_type="application/json",
        headers={"Authorization": program.defaults["HTTP_AUTHORIZATION"]},
    )
    assert answer.status_code == 200
    trader.user.refresh_from_db()
    assert trader.user.theme == "professional"


def test_operators_use_tokens_until_their_second_factor_is_removed() -> None:
    operator = Trader()
    User.objects.filter(pk=operator.user.pk).update(role=Role.ADMIN, is_staff=True)
    program = program_of(operator)
    assert program.get("/api/v1/admin/kill-switches").status_code == 200
    remove_second_factor(user=operator.user)
    enrol_totp(user=operator.user)
    assert program.get("/api/v1/admin/kill-switches").status_code == 401


@pytest.mark.parametrize("body", [{}, {"email": 1, "password": []}, [], {"email": "\x00"}])
def test_odd_bodies_are_refused_by_field(body: Any) -> None:
    assert call("auth/login", body).status_code == 422
