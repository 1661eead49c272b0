"""Kill switches: one row per scope and target; the row is in force while ``lifted_at`` is empty."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import HotModel, PublicModel


class KillScope(models.TextChoices):
    PLATFORM = "platform", _("Platform")
    VENUE = "venue", _("Venue")
    STRATEGY = "strategy", _("Strategy")
    SYMBOL = "symbol", _("Symbol")
    ACCOUNT = "account", _("Account")


class KillEffect(models.TextChoices):
    """From mild to strict: each does what those before it do, and more."""

    BLOCK_OPENS = "block_opens", _("Block opens")
    CLOSE_ONLY = "close_only", _("Close only")
    FLATTEN = "flatten", _("Flatten")

    def stricter_than(self, other: str) -> bool:
        order = KillEffect.values
        return order.index(self.value) > order.index(other)


class KillSwitch(PublicModel):
    """``target`` is the venue code, symbol, or the id of the strategy or account; empty for all.

    ``label`` is the target's name when the switch was set; ``effect_since`` when its present
    effect began.
    """

    scope = models.CharField(_("scope"), max_length=10, choices=KillScope)
    target = models.CharField(_("target"), max_length=64, blank=True)
    label = models.CharField(_("what it reaches"), max_length=120, blank=True)
    effect = models.CharField(
        _("effect"), max_length=12, choices=KillEffect, default=KillEffect.BLOCK_OPENS
    )
    effect_since = models.DateTimeField(_("effect since"))
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
            ),
            models.CheckConstraint(
                condition=Q(scope="platform", target="") | (~Q(scope="platform") & ~Q(target="")),
                name="kill_switch_target_fits_scope",
            ),
            models.CheckConstraint(
                condition=Q(effect__in=KillEffect.values), name="kill_switch_effect_known"
            ),
        ]

    def __str__(self) -> str:
        reached = f"{self.get_scope_display()} {self.label or self.target}".rstrip()
        return f"{reached}: {self.get_effect_display()}"


class KillEvent(HotModel):
    """One change of a switch, beside it and in its transaction. Empty effect: not in force."""

    switch = models.ForeignKey(KillSwitch, on_delete=models.PROTECT, related_name="events")
    was = models.CharField(_("was"), max_length=12, choices=KillEffect, blank=True)
    became = models.CharField(_("became"), max_length=12, choices=KillEffect, blank=True)
    reason = models.CharField(_("reason"), max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("by"),
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("kill switch event")
        verbose_name_plural = _("kill switch events")
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"{self.was or '—'} → {self.became or '—'}"
