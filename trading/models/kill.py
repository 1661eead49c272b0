"""Kill switches: one row per scope and target; the row is in force while ``lifted_at`` is empty."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import PublicModel


class KillScope(models.TextChoices):
    PLATFORM = "platform", _("Platform")
    VENUE = "venue", _("Venue")
    STRATEGY = "strategy", _("Strategy")
    SYMBOL = "symbol", _("Symbol")
    ACCOUNT = "account", _("Account")


class KillEffect(models.TextChoices):
    BLOCK_OPENS = "block_opens", _("Block opens")
    CLOSE_ONLY = "close_only", _("Close only")


class KillSwitch(PublicModel):
    """``target`` is the venue code, symbol, or the id of the strategy or account; empty for all."""

    scope = models.CharField(_("scope"), max_length=10, choices=KillScope)
    target = models.CharField(_("target"), max_length=64, blank=True)
    effect = models.CharField(
        _("effect"), max_length=12, choices=KillEffect, default=KillEffect.BLOCK_OPENS
    )
    reason = models.CharField(_("reason"), max_length=200)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    set_at = models.DateTimeField(_("set"))
    lifted_at = models.DateTimeField(_("lifted"), null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = _("kill switch")
        verbose_name_plural = _("kill switches")
        ordering = ("-set_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "target"],
                condition=Q(lifted_at=None),
                name="kill_switch_one_in_force",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.target} {self.effect}".replace("  ", " ")
