"""Legs of a flatten: one row per copied position, what was closed of it, and why not."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, HotModel
from trading.models.accounts import ExchangeAccount
from trading.models.copying import CopySubscription
from trading.models.kill import KillSwitch


class LegState(models.TextChoices):
    PLANNED = "planned", _("Planned")
    CLOSING = "closing", _("Closing")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    NOTHING = "nothing", _("Nothing to close")


class FlattenLeg(HotModel):
    """One position of one copy that a switch closes: the row is the queue and the receipt.

    Quantities are base units: ``held`` and ``left`` signed (short is negative), as the copy's
    share was when the leg was made and when it ended; ``closed`` is unsigned, at the average
    ``price``. ``equity`` is the account's when it was made. ``order_id`` is the newest try's. A
    leg without ``ended_at`` is still worked on: a failed one is tried again at ``due_at``.
    """

    switch = models.ForeignKey(KillSwitch, on_delete=models.PROTECT, related_name="legs")
    subscription = models.ForeignKey(CopySubscription, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(ExchangeAccount, on_delete=models.PROTECT, related_name="+")
    symbol = models.CharField(_("symbol"), max_length=32)
    held = AmountField(_("held"))
    entry_price = AmountField(_("entry"))
    equity = AmountField(_("equity"))
    state = models.CharField(
        _("state"), max_length=8, choices=LegState, default=LegState.PLANNED, editable=False
    )
    code = models.CharField(_("code"), max_length=40, blank=True)
    message = models.CharField(_("venue's answer"), max_length=300, blank=True)
    order_id = models.BigIntegerField(_("order"), null=True)
    tries = models.PositiveIntegerField(_("tries"), default=0)
    closed = AmountField(_("closed"), default=0)
    price = AmountField(_("price"), null=True)
    left = AmountField(_("left"), null=True)
    created_at = models.DateTimeField(_("made"))
    due_at = models.DateTimeField(_("looked at next"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("flatten leg")
        verbose_name_plural = _("flatten legs")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["switch", "subscription", "symbol"],
                condition=Q(ended_at=None),
                name="flatten_leg_one_at_work",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "closing"], ended_at=None)
                | Q(state__in=["done", "nothing"], ended_at__isnull=False, left__isnull=False)
                | Q(state="failed"),
                name="flatten_leg_state_fits_end",
            ),
            models.CheckConstraint(
                condition=~Q(state="closing") | Q(order_id__isnull=False),
                name="flatten_leg_closing_has_order",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="flatten_leg_to_do"),
            models.Index(fields=["switch", "state"], name="flatten_leg_progress"),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.held.normalize()} {self.state}"

    @property
    def profit(self) -> Decimal | None:
        """What the closed part made, in quote currency before fees; None while nothing closed."""
        if self.price is None:
            return None
        gain: Decimal = (self.price - self.entry_price) * self.closed
        return gain if self.held > 0 else -gain
