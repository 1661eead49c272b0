"""Books: fills, and the positions and trades that follow from fills alone."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import LessThan
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, HotModel, PublicModel
from mimic.core.ids import MadeBefore
from trading.domain.ports import PositionSide
from trading.models.accounts import ExchangeAccount

_SIDES = [(side.value, side.value) for side in PositionSide]
LATE_SECONDS = 86_400


class Fill(HotModel):
    """One trade of one order, booked once per venue trade id (see FillKey). Partitioned by id."""

    account_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    symbol = models.CharField(_("symbol"), max_length=32)
    trade_id = models.CharField(_("venue's trade"), max_length=64)
    side = models.CharField(_("side"), max_length=4)
    quantity = AmountField(_("quantity"))
    price = AmountField(_("price"))
    fee = AmountField(_("fee"))
    fee_currency = models.CharField(_("fee currency"), max_length=16)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("fill")
        verbose_name_plural = _("fills")
        indexes = [
            models.Index(fields=["order_id"], name="fill_order"),
            models.Index(fields=["account_id", "-id"], name="fill_account_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity} at {self.price}"


class FillKey(models.Model):
    """Uniqueness of a fill: one per account, symbol and venue trade id."""

    pk = models.CompositePrimaryKey("account_id", "symbol", "trade_id")
    account_id = models.BigIntegerField()
    symbol = models.CharField(max_length=32)
    trade_id = models.CharField(max_length=64)
    fill_id = models.BigIntegerField()


class _Exposure(models.Model):
    """``quantity`` is signed base units (short is negative), prices in quote currency."""

    symbol = models.CharField(_("symbol"), max_length=32)
    quantity = AmountField(_("quantity"), default=0)
    entry_price = AmountField(_("entry"), default=0)
    leverage = models.PositiveSmallIntegerField(_("leverage"), default=1)
    opened_at = models.DateTimeField(_("opened"), null=True)
    updated_at = models.DateTimeField(_("updated"))

    class Meta:
        abstract = True


class Position(_Exposure, PublicModel):
    """What the account holds at the venue by our books.

    ``fees`` are all that were ever paid for it, ``open_fees`` those of opening what is held now.
    The newest fill, by the venue's order, tells a fill that comes late from one that is next.
    """

    account = models.ForeignKey(ExchangeAccount, on_delete=models.PROTECT, related_name="positions")
    position_side = models.CharField(_("position side"), max_length=5, choices=_SIDES)
    realised = AmountField(_("realised"), default=0)
    fees = AmountField(_("fees"), default=0)
    open_fees = AmountField(_("fees of opening"), default=0)
    last_fill_at = models.DateTimeField(_("newest fill"), null=True, editable=False)
    last_trade_id = models.CharField(max_length=64, default="", editable=False)

    class Meta:
        verbose_name = _("position")
        verbose_name_plural = _("positions")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "symbol", "position_side"], name="position_once_per_account"
            )
        ]
        indexes = [models.Index(fields=["account"], condition=~Q(quantity=0), name="position_open")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.quantity.normalize()}"


class VirtualPosition(_Exposure):
    """One subscription's share of the account's position: what its closes may close.

    ``own_since``: what was held at that moment became the person's own, and is no copy's any more.
    """

    subscription = models.ForeignKey(
        "trading.CopySubscription", on_delete=models.PROTECT, related_name="virtual_positions"
    )
    own_since = models.DateTimeField(_("the person's own since"), null=True, editable=False)

    class Meta:
        verbose_name = _("virtual position")
        verbose_name_plural = _("virtual positions")
        constraints = [
            models.UniqueConstraint(fields=["subscription", "symbol"], name="virtual_position_once")
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.quantity.normalize()}"


class Trade(HotModel, PublicModel):
    """What one order closed of a position: entry against exit, profit before and after fees.

    However many fills it took: prices are their averages, the rest their sums. ``fees`` are those
    of closing it and its part of what opening cost. ``closed_by``: the order of ours, or the
    external fill; either makes one trade at most. ``closed_at`` is when its last fill was;
    ``booked_late`` are the few that were over a day before, of which the id tells nothing.
    """

    closed_by = models.BigIntegerField(unique=True, editable=False)
    account = models.ForeignKey(ExchangeAccount, on_delete=models.PROTECT, related_name="trades")
    subscription_id = models.BigIntegerField(null=True)
    symbol = models.CharField(_("symbol"), max_length=32)
    side = models.CharField(_("side"), max_length=5)
    quantity = AmountField(_("quantity"))
    entry_price = AmountField(_("entry"))
    exit_price = AmountField(_("exit"))
    profit = AmountField(_("profit"))
    fees = AmountField(_("fees"))
    opened_at = models.DateTimeField(_("opened"), null=True)
    closed_at = models.DateTimeField(_("closed"))
    booked_late = models.GeneratedField(
        expression=LessThan(F("closed_at"), MadeBefore("id", seconds=LATE_SECONDS)),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("trade")
        verbose_name_plural = _("trades")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["account", "-id"], name="trade_account_recent"),
            models.Index(
                fields=["account", "-id"], condition=Q(booked_late=True), name="trade_booked_late"
            ),
            models.Index(  # with what totals over all of a person's trades add up
                fields=["account", "symbol", "-id"],
                include=["profit", "fees", "closed_at"],
                name="trade_account_symbol",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.profit}"
