"""A code opens one thing, once: the sign-in, the console, the panic button."""

from __future__ import annotations

import time
from collections.abc import Callable

import pyotp
import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from accounts import services
from accounts.adapter import EncryptingMfaAdapter
from accounts.models import OtpUsed, TotpDevice, User
from mimic.core.at_rest import SecretUnreadable

pytestmark = pytest.mark.django_db

MOMENT = 1_790_000_010  # ten seconds into a 30 s step
Enrolled = tuple[User, str]


@pytest.fixture
def clock(time_machine: TimeMachineFixture) -> TimeMachineFixture:
    time_machine.move_to(MOMENT, tick=False)
    return time_machine


def code(secret: str, *, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


def test_the_code_is_the_one_of_rfc_6238(operator: Enrolled, clock: TimeMachineFixture) -> None:
    person, secret = operator
    services.verify_second_factor(user=person, code=code(secret))
    assert OtpUsed.objects.get(user=person).step == MOMENT // 30


def test_a_login_code_cannot_be_replayed_at_step_up(
    operator: Enrolled, sign_in: Callable[..., Client], clock: TimeMachineFixture
) -> None:
    person, secret = operator
    spent = code(secret)
    sign_in(person, spent)
    with pytest.raises(services.SecondFactorRefused):
        services.verify_second_factor(user=person, code=spent)


def test_a_step_up_code_cannot_be_replayed_at_login(
    operator: Enrolled, sign_in: Callable[..., Client], clock: TimeMachineFixture
) -> None:
    person, secret = operator
    spent = code(secret)
    services.verify_second_factor(user=person, code=spent)
    client = sign_in(person, spent)
    assert "_auth_user_id" not in client.session


def test_a_login_code_cannot_be_replayed_by_another_browser(
    operator: Enrolled, sign_in: Callable[..., Client], clock: TimeMachineFixture
) -> None:
    person, secret = operator
    spent = code(secret)
    assert "_auth_user_id" in sign_in(person, spent).session
    assert "_auth_user_id" not in sign_in(person, spent).session


@pytest.mark.django_db(transaction=True)  # allauth tells of a new app after the commit
def test_the_code_that_activates_an_app_is_spent(
    admin_without_app: User, sign_in: Callable[..., Client], clock: TimeMachineFixture
) -> None:
    client = sign_in(admin_without_app)
    client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})
    secret = _secret_on_offer(client)
    spent = code(secret)
    client.post(reverse("mfa_activate_totp"), {"code": spent})
    assert TotpDevice.objects.filter(user=admin_without_app).exists()
    assert client.get(reverse("admin:index")).status_code == 200
    with pytest.raises(services.SecondFactorRefused):
        services.verify_second_factor(user=admin_without_app, code=spent)


def _secret_on_offer(client: Client) -> str:
    client.get(reverse("mfa_activate_totp"))
    return str(client.session["mfa.totp.secret"])


def test_the_neighbouring_steps_are_accepted_for_slow_clocks_and_no_others(
    operator: Enrolled, clock: TimeMachineFixture
) -> None:
    person, secret = operator
    services.verify_second_factor(user=person, code=code(secret, steps=-1))
    services.verify_second_factor(user=person, code=code(secret, steps=1))
    with pytest.raises(services.SecondFactorRefused):
        services.verify_second_factor(user=person, code=code(secret, steps=2))


def test_wrong_codes_cost_doubling_waiting_time_even_for_the_right_one(
    operator: Enrolled, clock: TimeMachineFixture
) -> None:
    person, secret = operator
    for _attempt in range(3):
        with pytest.raises(services.SecondFactorRefused):
            services.verify_second_factor(user=person, code="000000")
        clock.shift(3)
    with pytest.raises(services.SecondFactorRefused):
        services.verify_second_factor(user=person, code=code(secret))
    clock.shift(10)
    services.verify_second_factor(user=person, code=code(secret))


def test_a_person_without_an_app_is_told_to_set_one_up(admin_without_app: User) -> None:
    with pytest.raises(services.SecondFactorMissing):
        services.verify_second_factor(user=admin_without_app, code="123456")


def test_no_secret_lies_open_in_the_database(operator: Enrolled) -> None:
    person, secret = operator
    for row in Authenticator.objects.filter(user=person):
        stored = str(row.data)
        assert secret not in stored
        assert "v1:" in stored


def test_a_rotated_secret_key_still_opens_old_secrets(settings: object) -> None:
    sealed = EncryptingMfaAdapter().encrypt("JBSWY3DPEHPK3PXP")
    old = settings.SECRET_KEY  # type: ignore[attr-defined]
    settings.SECRET_KEY = "another key, just as long and as random as the first one"  # type: ignore[attr-defined]
    with pytest.raises(SecretUnreadable):
        EncryptingMfaAdapter().decrypt(sealed)
    settings.SECRET_KEY_FALLBACKS = [old]  # type: ignore[attr-defined]
    assert EncryptingMfaAdapter().decrypt(sealed) == "JBSWY3DPEHPK3PXP"


def test_removing_the_second_factor_ends_verification_of_open_sessions(
    operator: Enrolled, sign_in: Callable[..., Client], clock: TimeMachineFixture
) -> None:
    person, secret = operator
    client = sign_in(person, code(secret))
    services.remove_second_factor(user=person)
    answer = client.get(reverse("admin:index"), follow=True)
    assert reverse("mfa_activate_totp") in [
        url.partition("?")[0] for url, _ in answer.redirect_chain
    ]


def test_nobody_is_verified_without_signing_in(client: Client) -> None:
    answer = client.get(reverse("admin:index"))
    assert not answer.wsgi_request.user.is_authenticated
    assert answer.status_code == 302
