"""Where the venue's account and our books differ, and when they were last compared."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, HotModel
from trading.domain.ports import PositionSide
from trading.models.accounts import ExchangeAccount


class DivergenceKind(models.TextChoices):
    POSITION = "position", _("Position")
    FILL = "fill", _("Fill found by asking")
    MONEY = "money", _("Balance")


class DivergenceAction(models.TextChoices):
    """What was done about it, newest first in the row's life."""

    WAITS = "waits", _("Waits for orders that are on their way")
    WATCHES = "watches", _("Looked at again before anything is concluded")
    ADOPTED = "adopted", _("Booked as the owner's own")
    BOOKED = "booked", _("Booked late")


class Divergence(HotModel):
    """One difference, from the first look that showed it to the first that did not.

    ``ours`` and ``theirs`` are signed base units as of ``seen_at``: a position, or what was filled
    of an order. Of a balance they are money of the currency that stands in ``symbol``.
    """

    account = models.ForeignKey(
        ExchangeAccount, on_delete=models.CASCADE, related_name="divergences", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=8, choices=DivergenceKind)
    symbol = models.CharField(_("symbol"), max_length=32)
    position_side = models.CharField(
        _("position side"), max_length=5, choices=[(s.value, s.value) for s in PositionSide]
    )
    ours = AmountField(_("in our books"))
    theirs = AmountField(_("at the venue"))
    action = models.CharField(_("action"), max_length=8, choices=DivergenceAction)
    found_at = models.DateTimeField(_("found"))
    seen_at = models.DateTimeField(_("seen last"))
    healed_at = models.DateTimeField(_("healed"), null=True)

    class Meta:
        verbose_name = _("divergence")
        verbose_name_plural = _("divergences")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "symbol", "position_side"],
                condition=Q(healed_at=None),
                name="divergence_one_open",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=DivergenceKind.values, action__in=DivergenceAction.values),
                name="divergence_known",
            ),
        ]
        indexes = [models.Index(fields=["account", "-id"], name="divergence_account_recent")]

    def __str__(self) -> str:
        return f"{self.symbol}: {self.ours.normalize():f} / {self.theirs.normalize():f}"


class Reconciliation(models.Model):
    """When an account's positions were compared with its venue's. ``failures`` are in a row.

    ``agreed_at``: the last time that nothing was left to explain.
    """

    account = models.OneToOneField(
        ExchangeAccount, on_delete=models.CASCADE, primary_key=True, related_name="reconciliation"
    )
    asked_at = models.DateTimeField(_("asked"), null=True)
    compared_at = models.DateTimeField(_("compared"), null=True)
    agreed_at = models.DateTimeField(_("agreed"), null=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)

    class Meta:
        verbose_name = _("reconciliation")
        verbose_name_plural = _("reconciliations")

    def __str__(self) -> str:
        return str(self.account_id)
