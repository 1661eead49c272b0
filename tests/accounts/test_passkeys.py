"""A passkey opens what a code opens, once; the last factor of staff stays."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from time_machine import TimeMachineFixture

from accounts import services
from accounts.models import PasskeyDevice, User
from accounts.selectors import second_factor_of
from mimic.audit.models import Entry
from tests.accounts.soft_passkey import JSON, SITE, SoftPasskey
from tests.cast import a_person
from tests.console.cast import PASSWORD

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
STATE = "mfa.webauthn.state"


@pytest.fixture(autouse=True)
def _site(settings: Any) -> None:
    settings.SITE_URL = SITE


@pytest.fixture
def passkey() -> SoftPasskey:
    return SoftPasskey()


@pytest.fixture
def browser(admin_without_app: User, sign_in: SignIn, passkey: SoftPasskey) -> Client:
    """Of an admin whose only factor is the passkey."""
    browser = sign_in(admin_without_app)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert passkey.add_to(browser)["Location"] == reverse("mfa_index")
    return browser


def _sign_in_with(passkey: SoftPasskey, browser: Client) -> Any:
    page = browser.get(reverse("mfa_authenticate"))
    options = page.context["js_data"]["request_options"]["publicKey"]
    return browser.post(
        reverse("mfa_authenticate"), {"credential": json.dumps(passkey.shown(options))}
    )


def test_a_new_passkey_verifies_the_session_that_made_it(browser: Client) -> None:
    assert browser.get(reverse("admin:index")).status_code == 200


def test_a_passkey_is_the_second_step_of_signing_in_and_opens_the_console(
    admin_without_app: User, browser: Client, sign_in: SignIn, passkey: SoftPasskey
) -> None:
    other = sign_in(admin_without_app)
    assert "_auth_user_id" not in other.session
    assert _sign_in_with(SoftPasskey(), other).status_code == 200
    assert "_auth_user_id" not in other.session
    assert _refusals(admin_without_app) == ["sign-in"]
    assert _sign_in_with(passkey, other).status_code == 302
    assert other.get(reverse("admin:index")).status_code == 200


def _refusals(person: User) -> list[str]:
    """Where a passkey's answer was refused, as the audit tells."""
    entries = Entry.objects.filter(action="accounts.second_factor.refuse", subject_id=person.pk)
    return [entry.facts["at"] for entry in entries.order_by("pk")]


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode()


_SHAPE: dict[str, Any] = {"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}
_CBOR = _b64(b"\x81" * 60_000)
HOSTILE = (
    "[" * 50_000 + "]" * 50_000, "9" * 90_000, "x", "[]", "null", '{"id": 1}',
    *(
        json.dumps({**_SHAPE, "response": response})
        for response in (
            "x",
            {"clientDataJSON": 1, "authenticatorData": 2, "signature": 3},
            {"attestationObject": _CBOR, "clientDataJSON": "e30"},
            {"authenticatorData": "AA", "clientDataJSON": _b64(b"[" * 60_000), "signature": "AA"},
            {
                "clientDataJSON": _b64(b'{"type":"webauthn.get","challenge":"YQ","origin":"x"}'),
                "authenticatorData": _b64(b"\0" * 32 + b"\xff" + b"\0" * 21 + b"\1\0\xa5"),
                "signature": "AA",
            },
        )
    ),
    json.dumps({**_SHAPE, "rawId": "AB"}),
)  # fmt: skip


def test_whatever_is_sent_in_a_passkeys_place_is_refused(
    admin_without_app: User, browser: Client, sign_in: SignIn
) -> None:
    other = sign_in(admin_without_app)
    for answer in HOSTILE:
        other.get(reverse("mfa_authenticate"))
        assert other.post(reverse("mfa_authenticate"), {"credential": answer}).status_code == 200
        browser.get(reverse("mfa_add_webauthn"))
        given = {"name": "Key", "credential": answer}
        assert browser.post(reverse("mfa_add_webauthn"), given).status_code == 200
    address = reverse("passkey-proof")
    for answer in HOSTILE[:10]:
        assert browser.post(address, answer, content_type=JSON).status_code == 403
    assert PasskeyDevice.objects.count() == 1


def test_an_answer_is_good_once_even_in_a_copy_of_the_session(
    admin_without_app: User, browser: Client, passkey: SoftPasskey
) -> None:
    address = reverse("passkey-proof")
    answer = passkey.shown(browser.post(address, {}, content_type=JSON).json()["publicKey"])
    copy = browser.session[STATE]
    first = browser.post(address, answer, content_type=JSON)
    session = browser.session
    session[STATE] = copy
    session.save()
    again = browser.post(address, answer, content_type=JSON)
    assert (first.status_code, again.status_code) == (200, 403)
    assert _refusals(admin_without_app) == ["deed"]


def test_a_proof_stands_for_a_code_once_within_a_minute_and_for_nobody_else(
    admin_without_app: User, browser: Client, passkey: SoftPasskey, time_machine: TimeMachineFixture
) -> None:
    proof = passkey.proof(browser)
    services.verify_second_factor(user=admin_without_app, code=proof)
    with pytest.raises(services.SecondFactorRefused):
        services.verify_second_factor(user=admin_without_app, code=proof)
    other = a_person()
    services.enrol_totp(user=other)
    stolen = passkey.proof(browser)
    with pytest.raises(services.SecondFactorRefused):
        services.verify_second_factor(user=other, code=stolen)
    time_machine.move_to(datetime.now(UTC) + timedelta(seconds=61))
    with pytest.raises(services.SecondFactorRefused):
        services.verify_second_factor(user=admin_without_app, code=stolen)


def test_a_proof_is_a_code_of_the_api_and_of_the_console(
    admin_without_app: User, browser: Client, passkey: SoftPasskey
) -> None:
    made = browser.post(
        "/api/v1/api-keys",
        {"name": "bot", "scopes": ["market:read"]},
        content_type=JSON,
        headers={"X-Second-Factor": passkey.proof(browser)},
    )
    assert made.status_code == 201, made.text
    key = admin_without_app.api_keys.get()
    form = {"action": "revoke_api_key", "_selected_action": key.pk, "confirmed": "yes",
            "reason": "Not needed.", "code": passkey.proof(browser)}  # fmt: skip
    page = browser.post(reverse("admin:accounts_apikey_changelist"), {**form, "code": "000000"})
    assert f'data-proof="{reverse("passkey-proof")}"' in page.text
    browser.post(reverse("admin:accounts_apikey_changelist"), form)
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_nobody_without_a_passkey_gets_options(trader: User, client: Client) -> None:
    address = reverse("passkey-proof")
    assert client.post(address, {}, content_type=JSON).status_code == 401
    client.force_login(trader)
    assert client.post(address, {}, content_type=JSON).status_code == 403


def test_the_last_factor_of_staff_stays_and_others_go_with_what_they_verified(
    admin_without_app: User, browser: Client
) -> None:
    first = PasskeyDevice.objects.get(user=admin_without_app)
    address = reverse("factor-remove", args=[first.authenticator_id])
    assert "last one" in browser.post(address, follow=True).text
    services.enrol_totp(user=admin_without_app)
    assert browser.post(address)["Location"] == reverse("mfa_index")
    assert not PasskeyDevice.objects.exists()
    assert browser.get(reverse("admin:index")).status_code == 302  # this session showed that one


def test_with_the_last_factor_of_a_trader_their_recovery_codes_go(trader: User) -> None:
    services.enrol_totp(user=trader)
    services.make_recovery_codes(user=trader)
    app = Authenticator.objects.get(user=trader, type=Authenticator.Type.TOTP)
    services.remove_factor(user=trader, authenticator_id=app.pk)
    assert not Authenticator.objects.exists()
    assert second_factor_of(trader) is None


def test_other_peoples_factors_cannot_be_removed(
    operator: tuple[User, str], trader: User, sign_in: SignIn
) -> None:
    theirs = Authenticator.objects.get(user=operator[0])
    browser = sign_in(trader)
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert browser.post(reverse("factor-remove", args=[theirs.pk])).status_code == 404
    assert services.remove_factor(user=trader, authenticator_id=theirs.pk) is None


def test_a_password_alone_does_not_open_the_factors_of_who_has_one(
    operator: tuple[User, str], sign_in: SignIn, time_machine: TimeMachineFixture
) -> None:
    person, secret = operator
    browser = sign_in(person, pyotp.TOTP(secret).now())
    asked = browser.post(reverse("recovery-codes"))
    assert asked["Location"].startswith(reverse("mfa_reauthenticate"))
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert browser.post(reverse("recovery-codes")).status_code == 302
    time_machine.move_to(datetime.now(UTC) + timedelta(seconds=30))
    browser.post(reverse("mfa_reauthenticate"), {"code": pyotp.TOTP(secret).now()})
    assert browser.post(reverse("recovery-codes")).status_code == 200
