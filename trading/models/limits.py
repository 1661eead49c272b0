"""Limits that operators set for the platform, a strategy or an account; empty says nothing."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, PercentField


class LimitFields(models.Model):
    """One column for each limit of :class:`trading.domain.limits.Layer`, empty where unset."""

    max_position_pct = PercentField(_("max position, %"), null=True, blank=True)
    max_exposure_pct = PercentField(_("max exposure, %"), null=True, blank=True)
    max_risk_pct = PercentField(_("max risk a trade, %"), null=True, blank=True)
    max_leverage = models.PositiveSmallIntegerField(
        _("highest leverage"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    max_notional = AmountField(_("max notional, × equity"), null=True, blank=True)
    max_open = models.PositiveSmallIntegerField(_("max open positions"), null=True, blank=True)
    max_opens_a_day = models.PositiveSmallIntegerField(_("max opens a day"), null=True, blank=True)
    daily_loss_block_pct = PercentField(_("daily loss that blocks, %"), null=True, blank=True)
    daily_loss_close_pct = PercentField(_("daily loss that closes, %"), null=True, blank=True)
    max_deviation_pct = PercentField(_("max price deviation, %"), null=True, blank=True)
    max_spread_pct = PercentField(_("max spread, %"), null=True, blank=True)
    max_age = models.PositiveIntegerField(_("oldest signal, s"), null=True, blank=True)
    min_depth = AmountField(_("least book depth, × the order"), null=True, blank=True)
    max_blind_notional = AmountField(
        _("largest order without a book, in quote currency"), null=True, blank=True
    )

    class Meta:
        abstract = True


class LimitScope(models.TextChoices):
    PLATFORM = "platform", _("Platform")
    STRATEGY = "strategy", _("Strategy")
    ACCOUNT = "account", _("Account")


class RiskLimits(LimitFields):
    """``target`` is the strategy's or the account's id; 0 for the platform."""

    scope = models.CharField(_("scope"), max_length=10, choices=LimitScope)
    target = models.BigIntegerField(_("id of the strategy or account"), default=0)
    note = models.CharField(_("why"), max_length=200, blank=True)
    updated_at = models.DateTimeField(_("changed"), auto_now=True)
    updated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, editable=False,
        related_name="+",
    )  # fmt: skip

    class Meta:
        verbose_name = _("risk limits")
        verbose_name_plural = _("risk limits")
        constraints = [
            models.UniqueConstraint(fields=["scope", "target"], name="risk_limits_once"),
            models.CheckConstraint(
                condition=Q(scope=LimitScope.PLATFORM, target=0)
                | (~Q(scope=LimitScope.PLATFORM) & Q(target__gt=0)),
                name="risk_limits_target",
            ),
            models.CheckConstraint(
                condition=Q(daily_loss_close_pct=None)
                | Q(daily_loss_block_pct=None)
                | Q(daily_loss_close_pct__gte=F("daily_loss_block_pct")),
                name="risk_limits_close_after_block",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()} {self.target or ''}".strip()
