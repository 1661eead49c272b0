"""Recovery codes are shown once, kept as digests, and open a sign-in once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from accounts import services
from accounts.models import RecoveryCode, User
from accounts.selectors import recovery_codes_left

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]


def test_codes_are_in_the_answer_to_the_button_and_nowhere_else(
    operator: tuple[User, str], sign_in: SignIn, time_machine: TimeMachineFixture
) -> None:
    person, secret = operator
    browser = sign_in(person, pyotp.TOTP(secret).now())
    time_machine.move_to(datetime.now(UTC) + timedelta(seconds=30))
    browser.post(reverse("mfa_reauthenticate"), {"code": pyotp.TOTP(secret).now()})
    assert "You have no recovery codes" in browser.get(reverse("mfa_index")).text
    shown = browser.post(reverse("recovery-codes"))
    codes = re.findall(r"^(?:<pre.*>)?((?:[a-z2-7]{6}-){3}[a-z2-7]{6})$", shown.text, re.M)
    assert len(set(codes)) == 10
    assert shown["Cache-Control"].count("no-store") == 1
    assert f"{codes[0]}%0A{codes[1]}" in shown.text  # what is downloaded
    assert mail.outbox[-1].to == [person.email]
    after = browser.get(reverse("recovery-codes")).text + str(dict(browser.session))
    kept = str([bytes(each.digest) for each in RecoveryCode.objects.all()])
    assert not [code for code in codes if code in after + kept + mail.outbox[-1].body]


def test_a_code_signs_in_once_however_it_is_typed_and_is_no_step_up(
    operator: tuple[User, str], sign_in: SignIn
) -> None:
    person, _secret = operator
    spare = services.make_recovery_codes(user=person)[0]
    with pytest.raises(services.SecondFactorRefused):
        services.verify_second_factor(user=person, code=spare)
    browser = sign_in(person, spare.upper().replace("-", " "))
    assert browser.get(reverse("admin:index")).status_code == 200
    assert "_auth_user_id" not in sign_in(person, spare).session
    assert recovery_codes_left(person) == 9


def test_new_codes_end_the_old_ones_and_nobody_elses(
    operator: tuple[User, str], trader: User
) -> None:
    person, _secret = operator
    services.enrol_totp(user=trader)
    old, theirs = (services.make_recovery_codes(user=each)[0] for each in (person, trader))
    new = services.make_recovery_codes(user=person)[0]
    assert services.accept_login_code(user=person, code=old) is None
    assert services.accept_login_code(user=person, code=theirs) is None
    assert services.accept_login_code(user=person, code=new) is not None
    assert services.accept_login_code(user=trader, code=theirs) is not None


def test_who_has_no_second_factor_has_nothing_to_recover(trader: User, sign_in: SignIn) -> None:
    with pytest.raises(services.SecondFactorMissing):
        services.make_recovery_codes(user=trader)
