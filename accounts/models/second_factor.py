"""One second factor for sign-in, console and panic.

allauth's authenticator holds the (encrypted) secret. The django-otp device beside it has no key of
its own: it makes ``request.user.is_verified()`` true and is the one place where a code is judged.
Every accepted code takes its 30 s step in ``otp_used``, so a code works once in the whole house.
"""

from __future__ import annotations

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin

_STEPS_KEPT = 20  # ten minutes; no tolerance ever reaches back that far


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
        """Accept a code once. The row is locked, so two requests are judged one after the other."""
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
