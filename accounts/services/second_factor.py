"""Accepting second factors: at sign-in and for step-up; setting them up and taking them away."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import django_otp
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.utils import encrypt
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _
from django_otp.models import Device

from accounts.models import (
    EndedBy,
    OtpUsed,
    PasskeyDevice,
    PasskeyUsed,
    TokenFamily,
    TotpDevice,
    User,
)
from accounts.models.second_factor import PROOF_PREFIX, matching_step
from accounts.selectors import second_factor_of, totp_device
from accounts.services.recovery_codes import spend_recovery_code
from accounts.services.refusals import SecondFactorMissing, SecondFactorRefused
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import Conflict
from mimic.core.tokens import digest_of, generate_token

PROOF_LIFE = timedelta(seconds=60)

REMOVED = declare(
    "accounts.second_factor.remove", gettext_lazy("Second factor removed"), facts=["kind"]
)
REFUSED = declare(
    "accounts.second_factor.refuse", gettext_lazy("Second factor refused"), facts=["at"]
)
ACCEPTED = declare("accounts.second_factor.spend", gettext_lazy("Fresh code shown"))
_DEVICES: Final[dict[str, type[TotpDevice] | type[PasskeyDevice]]] = {
    Authenticator.Type.TOTP: TotpDevice,
    Authenticator.Type.WEBAUTHN: PasskeyDevice,
}


class LastFactor(Conflict):
    """Staff keep one: set up another first, then remove this one."""

    code, status = "second_factor.last", 409
    title = _("Your role needs a second factor, and this is the last one.")


@transaction.atomic(durable=True)
def _spent(user: User, code: str) -> bool:
    # Durable: were a caller able to roll back, the code would be good again.
    good = django_otp.match_token(user, code.strip()) is not None
    if good:
        record(ACCEPTED, target=user, by=user)
    else:
        record(REFUSED, target=user, by=user, facts={"at": "deed"})
    return good


def verify_second_factor(*, user: User, code: str) -> None:
    """Spend a fresh code of the app, or a passkey's proof, before a dangerous deed; call it before
    that deed's transaction.

    Recovery codes do not count. Raises :class:`SecondFactorMissing`, :class:`SecondFactorRefused`.
    """
    if second_factor_of(user) is None:
        raise SecondFactorMissing
    if not _spent(user, code):
        raise SecondFactorRefused


@transaction.atomic(durable=True)
def accept_login_code(*, user: User, code: str) -> Authenticator | None:
    """The authenticator that accepts the code at sign-in: the app's, or a recovery code's."""
    device = totp_device(user)
    if device is not None and device.verify_token(code):
        return device.authenticator
    spent = spend_recovery_code(user=user, code=code, now=timezone.now())
    if spent is None:
        record(REFUSED, target=user, about=user, facts={"at": "sign-in"})
    return spent


@transaction.atomic(durable=True)
def spend_challenge(*, authenticator: Authenticator, challenge: str) -> bool:
    """A passkey answered it, at sign-in. False: it was answered before."""
    return PasskeyUsed.claim(authenticator, challenge, timezone.now()) is not None


def note_passkey_refused(*, user: User, at: str) -> None:
    """Operation: a passkey's answer was not good, or came twice. ``at``: "sign-in" or "deed"."""
    record(REFUSED, target=user, about=user, facts={"at": at})


@transaction.atomic(durable=True)
def issue_proof(*, authenticator: Authenticator, challenge: str, now: datetime) -> str:
    """Command: what stands for a code in the next minute, once, for this person.

    Raises :class:`SecondFactorRefused` if the challenge was answered before.
    """
    used = PasskeyUsed.claim(authenticator, challenge, now)
    if used is None:
        raise SecondFactorRefused
    proof = PROOF_PREFIX + generate_token()
    used.proof, used.proof_until = digest_of(proof), now + PROOF_LIFE
    used.save(update_fields=["proof", "proof_until"])
    return proof


@transaction.atomic(durable=True)
def spend_activation_code(*, user: User, secret: str, code: str) -> bool:
    """Spend the code that proves a new app works; it must not open anything a moment later."""
    step = matching_step(secret, code)
    return step is not None and OtpUsed.claim(user.pk, step)


def attach_device(*, authenticator: Authenticator) -> Device:
    """The django-otp device of an app or a passkey, made if it is new."""
    device: Device
    device, _new = _DEVICES[authenticator.type].objects.get_or_create(
        authenticator=authenticator,
        defaults={"user_id": authenticator.user_id, "name": authenticator.type, "confirmed": True},
    )
    return device


@transaction.atomic
def enrol_totp(*, user: User, secret: str | None = None) -> str:
    """Give a person an authenticator without the dialog (seeds, rescue); its base32 secret."""
    key = secret or generate_totp_secret()
    authenticator, _new = Authenticator.objects.update_or_create(
        user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": encrypt(key)}}
    )
    attach_device(authenticator=authenticator)
    return key


@transaction.atomic(durable=True)
def remove_factor(*, user: User, authenticator_id: int) -> Authenticator | None:
    """Command: the person takes an app or a passkey away; with the last one go the recovery codes.

    None: it is not theirs, or gone already. Raises :class:`LastFactor`.
    """
    User.objects.select_for_update().get(pk=user.pk)  # or two requests remove the last two
    recovery = Authenticator.Type.RECOVERY_CODES
    factors = list(Authenticator.objects.filter(user=user).exclude(type=recovery))
    chosen = next((each for each in factors if each.pk == authenticator_id), None)
    if chosen is None:
        return None
    if len(factors) == 1:
        if user.is_staff:
            raise LastFactor
        Authenticator.objects.filter(user=user, type=recovery).delete()
    Authenticator.objects.filter(pk=chosen.pk).delete()
    record(REMOVED, target=user, by=user, facts={"kind": chosen.type})
    return chosen


@transaction.atomic(durable=True)
def remove_second_factor(*, user: User) -> None:
    """Take app, passkeys and recovery codes away (a lost phone). Sessions they verified lose that
    at once; programs that signed in with them end.
    """
    Authenticator.objects.filter(user=user).delete()
    shown = TokenFamily.objects.filter(user=user, second_factor=True, ended_at=None)
    shown.update(ended_at=Now(), ended_by=EndedBy.OPERATOR)
    record(REMOVED, target=user)
