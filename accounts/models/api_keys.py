"""Keys that a person gives to programs: what they may do, from where, how long, how much used."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import PublicModel


class KeyTier(models.TextChoices):
    """How often it may ask: ``settings.API_REQUESTS_A_MINUTE``."""

    STANDARD = "standard", _("Standard")
    HIGH = "high", _("High")


class ApiKey(PublicModel):
    """``digest`` is a peppered HMAC; the key was shown once. ``prefix`` is what people know it by.

    ``networks`` are CIDRs; an empty list means from anywhere. ``last_used_at`` and
    ``last_used_address`` are at most a minute behind.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(_("name"), max_length=60)
    prefix = models.CharField(_("begins with"), max_length=12)
    digest = models.BinaryField(unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=32), verbose_name=_("scopes"))
    networks = ArrayField(models.CharField(max_length=43), verbose_name=_("networks"), default=list)
    tier = models.CharField(_("tier"), max_length=16, choices=KeyTier, default=KeyTier.STANDARD)
    follows = models.OneToOneField(
        "self", on_delete=models.SET_NULL, null=True, related_name="followed_by",
        verbose_name=_("follows"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"))
    expires_at = models.DateTimeField(_("expires"), null=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    last_used_at = models.DateTimeField(_("last used"), null=True)
    last_used_address = models.GenericIPAddressField(_("last used from"), null=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(condition=Q(scopes__len__gt=0), name="api_key_may_do_something"),
            models.CheckConstraint(condition=Q(tier__in=KeyTier.values), name="api_key_tier_known"),
        )

    def __str__(self) -> str:
        return f"{self.prefix}… {self.name}"


class ApiKeyDay(models.Model):
    """How often a key was used on a day (UTC)."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    requests = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["key", "day"], name="api_key_day_once"),)

    def __str__(self) -> str:
        return f"{self.key_id} {self.day}: {self.requests}"
