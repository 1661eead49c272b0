"""One second factor for sign-in, console and panic: an app's codes, or a passkey.

allauth's authenticator holds the (encrypted) secret or the public key. The django-otp device beside
it has no key of its own: it makes ``request.user.is_verified()`` true and is the one place where a
proof is judged. Every accepted code takes its 30 s step in ``otp_used``, every passkey's answer its
challenge in ``passkey_used``: either works once in the whole house.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin

from mimic.core.tokens import digest_of

PROOF_PREFIX = "pk_"
_STEPS_KEPT = 20  # ten minutes; no tolerance ever reaches back that far
_CHALLENGES_KEPT = timedelta(days=1)  # a session forgets the challenge that was answered


def matching_step(secret: str, code: str) -> int | None:
    """The time step (RFC 6238, T) whose code this is, within ``MFA_TOTP_TOLERANCE``, or None."""
    for step in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step))):
            return int(step)
    return None


class OtpUsed(models.Model):
    """A time step whose code a person has spent."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    step = models.BigIntegerField()

    class Meta:
        db_table = "otp_used"
        constraints = (models.UniqueConstraint(fields=("user", "step"), name="otp_used_once"),)

    def __str__(self) -> str:
        return f"{self.user_id}/{self.step}"

    @classmethod
    def claim(cls, user_id: int, step: int) -> bool:
        """Spend the step. False: somebody has, before or at the same moment."""
        _row, fresh = cls.objects.get_or_create(user_id=user_id, step=step)
        if fresh:
            cls.objects.filter(user_id=user_id, step__lt=step - _STEPS_KEPT).delete()
        return fresh


class TotpDevice(ThrottlingMixin, Device):  # type: ignore[misc]
    """django-otp's view of the authenticator. Wrong codes cost 1, 2, 4, 8 … seconds of waiting."""

    authenticator = models.OneToOneField(
        Authenticator, on_delete=models.CASCADE, related_name="device"
    )

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def get_throttle_factor(self) -> int:
        return 1

    def verify_token(self, token: str) -> bool:
        """Accept a code once. The row is locked, so two requests are judged one after the other.

        What cannot be a code of an app is not for this device, and costs it nothing.
        """
        token = token.replace(" ", "")
        if not token.isdecimal():
            return False
        with transaction.atomic():
            locked = TotpDevice.objects.select_for_update().get(pk=self.pk)
            allowed, _why = locked.verify_is_allowed()
            if not allowed:
                return False
            step = matching_step(decrypt(locked.authenticator.data["secret"]), token)
            if step is None:
                locked.throttle_increment()
                return False
            if not OtpUsed.claim(locked.user_id, step):
                return False
            locked.throttle_reset()
            return True


class PasskeyUsed(models.Model):
    """A passkey has answered this challenge. For step-up the answer was changed into a proof, a
    short-lived secret that stands where a code would: ``proof`` is its digest.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    authenticator = models.ForeignKey(Authenticator, on_delete=models.CASCADE, related_name="+")
    challenge = models.BinaryField(unique=True)
    proof = models.BinaryField(unique=True, null=True)
    proof_until = models.DateTimeField(null=True)
    spent_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "passkey_used"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(proof=None, proof_until=None)
                | models.Q(proof__isnull=False, proof_until__isnull=False),
                name="passkey_proof_has_an_end",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id}/{self.pk}"

    @classmethod
    def claim(
        cls, authenticator: Authenticator, challenge: str, now: datetime
    ) -> PasskeyUsed | None:
        """Note that it was answered. None: it had been, before or at the same moment."""
        cls.objects.filter(
            user_id=authenticator.user_id, created_at__lt=now - _CHALLENGES_KEPT
        ).delete()
        try:
            with transaction.atomic():
                return cls.objects.create(
                    user_id=authenticator.user_id,
                    authenticator=authenticator,
                    challenge=digest_of(challenge),
                    created_at=now,
                )
        except IntegrityError:
            return None


class PasskeyDevice(Device):  # type: ignore[misc]
    """django-otp's view of a passkey. Its tokens are proofs (:class:`PasskeyUsed`)."""

    authenticator = models.OneToOneField(
        Authenticator, on_delete=models.CASCADE, related_name="passkey_device"
    )

    class Meta:
        verbose_name = _("passkey")
        verbose_name_plural = _("passkeys")

    @property
    def proof_url(self) -> str:
        """Where the browser gets a proof: the console asks every device for it."""
        return reverse("passkey-proof")

    def verify_token(self, token: str) -> bool:
        """Spend a proof of this passkey."""
        if not token.startswith(PROOF_PREFIX):
            return False
        now = timezone.now()
        proofs = PasskeyUsed.objects.filter(
            authenticator_id=self.authenticator_id,
            proof=digest_of(token),
            proof_until__gt=now,
            spent_at=None,
        )
        return bool(proofs.update(spent_at=now))


class RecoveryCode(models.Model):
    """A code for the day the app and the passkeys are gone: 120 random bits, shown once.

    With that much chance in it a keyed digest is enough (OWASP ASVS 5.0, 6.5.2), and it cannot be
    guessed, whatever the pace.
    """

    authenticator = models.ForeignKey(
        Authenticator, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.BinaryField(unique=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "recovery_code"

    def __str__(self) -> str:
        return f"{self.authenticator_id}/{self.pk}"
