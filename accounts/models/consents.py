"""What a person agreed to: the very text by its digest, when, from where; never edited.

Source: ../shared/spec/accounts.md, "Consents".
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models.user import Locale


class ConsentKind(models.TextChoices):
    TERMS = "terms", _("Terms of use")
    PRIVACY = "privacy", _("Privacy notice")
    RISK = "risk", _("Risk disclosure")
    COPY_TRADING = "copy_trading", _("Copy-trading disclosure")
    MASTER_ACCOUNT = "master_account", _("Master account terms")
    MARKETING = "marketing", _("News and offers")


class ConsentText(models.Model):
    """One version of a text in one language. The highest version of a kind is in force."""

    kind = models.CharField(_("kind"), max_length=16, choices=ConsentKind)
    version = models.PositiveSmallIntegerField(_("version"))
    locale = models.CharField(_("language"), max_length=2, choices=Locale)
    body = models.TextField(_("text"))
    digest = models.BinaryField(_("SHA-256"), max_length=32, editable=False)
    published_at = models.DateTimeField(_("published"))

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        ordering = ("kind", "-version", "locale")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "version", "locale"), name="consent_text_once_a_language"
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} v{self.version} {self.locale}"


class Consent(models.Model):
    """A person's agreement to one version; withdrawn, it stays on record."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="consents"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=ConsentKind)
    version = models.PositiveSmallIntegerField(_("version"))
    locale = models.CharField(_("language"), max_length=2, choices=Locale)
    digest = models.BinaryField(_("SHA-256 of the text"), max_length=32, editable=False)
    given_at = models.DateTimeField(_("given"))
    address = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("browser"), max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ("-id",)
        constraints = (
            models.UniqueConstraint(
                fields=("user", "kind", "version"),
                condition=Q(withdrawn_at=None),
                name="consent_once_a_version",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"
