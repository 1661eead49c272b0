"""Providers and the strategies they publish."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import PercentField, PublicModel


class OnOpposite(models.TextChoices):
    """What an open against the strategy's own position is."""

    REVERSE = "reverse", _("Close it, then open the other way")
    CLOSE = "close", _("Only close it")
    BOTH = "both", _("Hold both ways (hedge mode)")


class Provider(PublicModel):
    """An author of strategies."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending review")
        ACTIVE = "active", _("Active")
        SUSPENDED = "suspended", _("Suspended")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="provider"
    )
    name = models.CharField(_("name"), max_length=80, unique=True)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.PENDING, editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Strategy(PublicModel):
    """A provider's published line of signals, with the defaults an alert may leave out.

    ``token_digest`` and ``passphrase_digest`` are peppered HMACs of generated 128-bit secrets;
    the secrets themselves were shown once.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("Draft")
        ACTIVE = "active", _("Active")
        PAUSED = "paused", _("Paused")

    provider = models.ForeignKey(Provider, on_delete=models.PROTECT, related_name="strategies")
    name = models.CharField(_("name"), max_length=80)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(_("description"), blank=True)
    status = models.CharField(
        _("status"), max_length=16, choices=Status, default=Status.ACTIVE, editable=False
    )
    token_digest = models.BinaryField(unique=True, null=True, editable=False)
    passphrase_digest = models.BinaryField(unique=True, null=True, editable=False)
    default_risk_pct = PercentField(_("risk, %"), default=Decimal(2))
    default_leverage = models.PositiveSmallIntegerField(_("leverage"), default=5)
    default_take_profit_pct = PercentField(_("take profit, %"), default=Decimal(5))
    default_stop_loss_pct = PercentField(_("stop loss, %"), default=Decimal(2), null=True)
    max_leverage = models.PositiveSmallIntegerField(_("highest leverage"), default=20)
    on_opposite = models.CharField(
        _("an open the other way"), max_length=8, choices=OnOpposite, default=OnOpposite.REVERSE
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("strategy")
        verbose_name_plural = _("strategies")
        ordering = ("name",)
        constraints = [
            models.UniqueConstraint(fields=["provider", "name"], name="strategy_name_per_provider"),
            models.CheckConstraint(
                condition=models.Q(default_leverage__gte=1, max_leverage__lte=125),
                name="strategy_leverage_bounds",
            ),
            models.CheckConstraint(
                condition=models.Q(on_opposite__in=OnOpposite.values),
                name="strategy_on_opposite_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name
