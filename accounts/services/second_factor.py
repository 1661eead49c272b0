"""Accepting codes: at sign-in, for step-up, and setting the second factor up."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.utils import encrypt
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from accounts.models import EndedBy, OtpUsed, TokenFamily, TotpDevice, User
from accounts.models.second_factor import matching_step
from accounts.selectors import totp_device
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import MimicError

REMOVED = declare("accounts.second_factor.remove", gettext_lazy("Second factor removed"))


class SecondFactorRefused(MimicError):
    """Wrong, spent or too soon after a wrong one; the answer does not tell which. Ask again."""

    code = "second_factor_refused"
    status = 403
    title = _("The code was not accepted.")


class SecondFactorMissing(MimicError):
    """The person has no authenticator app yet; send them to set one up."""

    code = "second_factor_missing"
    status = 403
    title = _("Set up two-factor authentication first.")


@transaction.atomic(durable=True)
def _spent(device: TotpDevice, code: str) -> bool:
    # Durable: were a caller able to roll back, the code would be good again.
    return device.verify_token(code)


def verify_second_factor(*, user: User, code: str) -> None:
    """Spend a fresh TOTP code before a dangerous deed; call it before that deed's transaction.

    Recovery codes do not count. Raises :class:`SecondFactorMissing`, :class:`SecondFactorRefused`.
    """
    device = totp_device(user)
    if device is None:
        raise SecondFactorMissing
    if not _spent(device, code):
        raise SecondFactorRefused


@transaction.atomic(durable=True)
def accept_login_code(*, user: User, code: str) -> Authenticator | None:
    """The authenticator that accepts the code at sign-in: the app's, or a recovery code's.

    Both share the device's waiting time, so recovery codes cannot be guessed any faster.
    """
    device = totp_device(user)
    if device is None or not device.verify_is_allowed()[0]:
        return None
    if device.verify_token(code):
        return device.authenticator
    recovery = Authenticator.objects.filter(
        user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES
    ).first()
    if recovery is not None and recovery.wrap().validate_code(code):
        device.refresh_from_db()
        device.throttle_reset()
        return recovery
    return None


@transaction.atomic(durable=True)
def spend_activation_code(*, user: User, secret: str, code: str) -> bool:
    """Spend the code that proves a new app works; it must not open anything a moment later."""
    step = matching_step(secret, code)
    return step is not None and OtpUsed.claim(user.pk, step)


def attach_device(*, authenticator: Authenticator) -> TotpDevice:
    """The django-otp device of a TOTP authenticator, made if it is new."""
    device: TotpDevice
    device, _new = TotpDevice.objects.get_or_create(
        authenticator=authenticator,
        defaults={"user_id": authenticator.user_id, "name": "totp", "confirmed": True},
    )
    return device


@transaction.atomic
def enrol_totp(*, user: User, secret: str | None = None) -> str:
    """Give a person an authenticator without the dialog (seeds, rescue); its base32 secret."""
    key = secret or generate_totp_secret()
    authenticator, _new = Authenticator.objects.update_or_create(
        user=user, type=Authenticator.Type.TOTP, defaults={"data": {"secret": encrypt(key)}}
    )
    RecoveryCodes.activate(user)
    attach_device(authenticator=authenticator)
    return key


@transaction.atomic(durable=True)
def remove_second_factor(*, user: User) -> None:
    """Take app and recovery codes away (a lost phone). Sessions they verified lose that at once;
    programs that signed in with them end.
    """
    Authenticator.objects.filter(user=user).delete()
    shown = TokenFamily.objects.filter(user=user, second_factor=True, ended_at=None)
    shown.update(ended_at=Now(), ended_by=EndedBy.OPERATOR)
    record(REMOVED, target=user)
