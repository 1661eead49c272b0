"""How programs stay signed in: keys that sign access tokens, families of refresh tokens."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import PublicModel


class SigningKey(models.Model):
    """An RSA pair that access tokens are signed with. One signs; older ones are still accepted.

    ``private_key`` is PKCS #8 PEM, sealed (:mod:`mimic.core.at_rest`); ``public_key`` is PEM.
    """

    kid = models.CharField(_("key id"), max_length=32, unique=True)
    public_key = models.TextField(_("public key"))
    private_key = models.TextField(_("sealed private key"))
    created_at = models.DateTimeField(_("created"))
    accepted_until = models.DateTimeField(_("accepted until"), null=True)

    class Meta:
        verbose_name = _("token signing key")
        verbose_name_plural = _("token signing keys")
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                fields=["accepted_until"],
                condition=Q(accepted_until__isnull=True),
                nulls_distinct=False,
                name="one_key_signs",
            ),
        )

    def __str__(self) -> str:
        return self.kid


class EndedBy(models.TextChoices):
    LOGOUT = "logout", _("Signed out")
    REUSE = "reuse", _("A spent refresh token came again")
    PERSON = "person", _("Ended by the person")
    OPERATOR = "operator", _("Ended by an operator")
    PASSWORD = "password", _("The password changed")


class TokenFamily(PublicModel):
    """One sign-in of a program, and all tokens that came of it.

    Every access token names it, so ending it ends them at once. ``password_mark`` is Django's
    session hash: it changes with the password, and tokens from before are worth nothing then.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="token_families"
    )
    label = models.CharField(_("program"), max_length=80, blank=True)
    password_mark = models.CharField(max_length=128, editable=False)
    second_factor = models.BooleanField(_("second factor shown"))
    address = models.GenericIPAddressField(_("address"), null=True)
    created_at = models.DateTimeField(_("signed in"))
    expires_at = models.DateTimeField(_("expires"), db_index=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.CharField(_("ended by"), max_length=16, choices=EndedBy, blank=True)

    class Meta:
        verbose_name = _("sign-in of a program")
        verbose_name_plural = _("sign-ins of programs")
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_by="")
                | Q(ended_at__isnull=False, ended_by__in=EndedBy.values),
                name="token_family_end_has_a_cause",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user_id} {self.label}".rstrip()

    def password_holds(self) -> bool:
        """The password is still the one of the sign-in (SECRET_KEY may have been rotated)."""
        person = self.user
        now = (person.get_session_auth_hash(), *person.get_session_auth_fallback_hash())
        return any(constant_time_compare(self.password_mark, mark) for mark in now)


class RefreshToken(models.Model):
    """Good for one refresh. Spent ones are kept with their family, to know them when they come."""

    family = models.ForeignKey(TokenFamily, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.family_id}/{self.pk}"
