"""What the signer allows one account's keys, and how far the wrapping key's rotation has come."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField
from trading.domain.key_guard import USUAL_OPENS, KeyLimits
from trading.models.accounts import ExchangeAccount


class KeyGuard(models.Model):
    """Looked at wherever keys are opened for an order, after every decision.

    Without a row the usual holds (:class:`trading.domain.key_guard.KeyLimits`).
    """

    account = models.OneToOneField(
        ExchangeAccount, on_delete=models.CASCADE, primary_key=True, related_name="key_guard"
    )
    symbols = ArrayField(
        models.CharField(max_length=32),
        verbose_name=_("only these symbols"),
        default=list,
        blank=True,
    )
    max_notional = AmountField(_("largest order, in quote currency"), null=True, blank=True)
    opens_a_minute = models.PositiveIntegerField(
        _("opens a minute"), default=USUAL_OPENS, validators=[MinValueValidator(1)]
    )
    frozen_at = models.DateTimeField(_("frozen"), null=True, editable=False)
    frozen_why = models.CharField(_("why"), max_length=200, blank=True, editable=False)

    class Meta:
        verbose_name = _("limits of keys")
        verbose_name_plural = _("limits of keys")
        constraints = [
            models.CheckConstraint(
                condition=Q(max_notional=None) | Q(max_notional__gt=0), name="key_guard_notional"
            ),
        ]

    def __str__(self) -> str:
        return str(self.account_id)

    def limits(self) -> KeyLimits:
        return KeyLimits(
            symbols=frozenset(self.symbols),
            max_notional=self.max_notional,
            opens_a_minute=self.opens_a_minute,
            frozen=self.frozen_at is not None,
        )


class KeyRotation(models.Model):
    """One change of the wrapping key. ``head`` is how rows under the new key begin (hex)."""

    head = models.CharField(_("key"), max_length=10)
    started_at = models.DateTimeField(_("started"))
    touched_at = models.DateTimeField(_("last row"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    done = models.PositiveIntegerField(_("wrapped anew"), default=0)
    left = models.PositiveIntegerField(_("left"), default=0)
    unreadable = models.PositiveIntegerField(_("unreadable"), default=0)

    class Meta:
        verbose_name = _("rotation of the wrapping key")
        verbose_name_plural = _("rotations of the wrapping key")
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(
                fields=["head"], condition=Q(finished_at=None), name="key_rotation_one_a_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.head}: {self.done}/{self.done + self.left}"
