"""Signals: one instruction each, the same for every follower."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, HotModel, PercentField, PublicModel
from signals.models.providers import Strategy


class Action(models.TextChoices):
    OPEN = "open", _("Open")
    CLOSE = "close", _("Close")


class Direction(models.TextChoices):
    LONG = "long", _("Long")
    SHORT = "short", _("Short")
    ANY = "any", _("Any")  # a close that names no side


class SignalStatus(models.TextChoices):
    RECEIVED = "received", _("Received")
    REJECTED = "rejected", _("Rejected")
    PUBLISHED = "published", _("Published")
    ACTIVE = "active", _("Active")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")


class Signal(HotModel, PublicModel):
    """``entry_price`` is what the alert said, or empty when followers take the market's.

    Stop and target distances are percent of price, not of margin; ``valid_until`` bounds opens
    only (a close never expires). ``close_pct`` of a close is the part that it closes, empty for
    all. ``margin_pct`` (margin ÷ equity) and ``quantity`` (what was traded) are the provider's own,
    known of a master account's: where several signals open what one order of it opened, they are
    ``part_from_pct`` to ``part_to_pct`` of that, each; empty for all of it.
    ``strategy_size`` is what the strategy holds afterwards in its own contracts, where it told.
    ``targets`` are rising distances from the entry, ``[{"pct", "share"}]``: percent of price and
    percent of the position; ``take_profit_pct`` is the nearest. ``after``: the close that an open
    the other way waits for.
    """

    strategy = models.ForeignKey(Strategy, on_delete=models.PROTECT, related_name="signals")
    inbox_message_id = models.BigIntegerField(null=True)
    symbol = models.CharField(_("symbol"), max_length=32)
    action = models.CharField(_("action"), max_length=8, choices=Action)
    direction = models.CharField(_("direction"), max_length=8, choices=Direction)
    entry_price = AmountField(_("entry"), null=True)
    stop_loss_pct = PercentField(_("stop loss, %"), null=True)
    take_profit_pct = PercentField(_("take profit, %"), null=True)
    risk_pct = PercentField(_("risk, %"))
    leverage = models.PositiveSmallIntegerField(_("leverage"))
    close_pct = PercentField(_("closes, %"), null=True)
    margin_pct = PercentField(_("provider's margin, %"), null=True)
    quantity = AmountField(_("provider's quantity"), null=True)
    part_from_pct = PercentField(_("part from, %"), null=True)
    part_to_pct = PercentField(_("part to, %"), null=True)
    strategy_size = AmountField(_("strategy's size afterwards"), null=True)
    targets = models.JSONField(_("targets"), default=list)
    after = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    comment = models.CharField(_("comment"), max_length=200, blank=True)
    status = models.CharField(
        _("status"),
        max_length=16,
        choices=SignalStatus,
        default=SignalStatus.RECEIVED,
        editable=False,
    )
    received_at = models.DateTimeField(_("received"))
    published_at = models.DateTimeField(_("published"), null=True)
    valid_until = models.DateTimeField(_("valid until"), null=True)

    class Meta:
        verbose_name = _("signal")
        verbose_name_plural = _("signals")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["strategy", "-id"], name="signal_strategy_recent"),
            models.Index(fields=["strategy", "symbol", "-id"], name="signal_strategy_stance"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=SignalStatus.values), name="signal_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(leverage__gte=1, leverage__lte=125),
                name="signal_leverage_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.action} {self.direction}"
