"""User streams of accounts, and what they told of orders and positions that are not ours."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, HotModel
from trading.domain.ports import OrderState, PositionSide, Side
from trading.models.accounts import ExchangeAccount

_SIDES = [(side.value, side.value) for side in Side]
_POSITION_SIDES = [(side.value, side.value) for side in PositionSide]


class StreamState(models.TextChoices):
    """Only what is live may be relied upon."""

    JOINING = "joining", _("Joining")
    LIVE = "live", _("Live")
    BROKEN = "broken", _("Broken")
    REFUSED = "refused", _("Refused")


class AccountStream(models.Model):
    """The user stream of one account: who listens, and whether all has been heard.

    The row is the queue. ``owner`` listens until ``lease_until``; every write of its carries
    ``fence``. ``alive_at``: when the owner last knew the stream to be whole; with ``LIVE`` the
    account is as known then. ``missed_from``: since when something may have been missed; None
    when nothing is left to ask for. ``wanted_at``: when somebody asked for a backfill.
    ``margin_mode``: one that is not what was agreed, and that copies were paused for already.
    """

    account = models.OneToOneField(
        ExchangeAccount, on_delete=models.CASCADE, primary_key=True, related_name="stream"
    )
    state = models.CharField(
        _("state"),
        max_length=8,
        choices=StreamState,
        default=StreamState.JOINING,
        editable=False,
    )
    breach = models.CharField(_("last break"), max_length=12, blank=True)
    message = models.CharField(_("venue's words"), max_length=200, blank=True)
    owner = models.CharField(_("listener"), max_length=80, blank=True)
    fence = models.PositiveIntegerField(_("fence"), default=0)
    lease_until = models.DateTimeField(_("leased until"), null=True)
    joined_at = models.DateTimeField(_("joined"), null=True)
    alive_at = models.DateTimeField(_("whole at"), null=True)
    told_at = models.DateTimeField(_("last event"), null=True)
    money_at = models.DateTimeField(_("money moved"), null=True)
    broken_at = models.DateTimeField(_("broke"), null=True)
    missed_from = models.DateTimeField(_("missed from"), null=True)
    wanted_at = models.DateTimeField(_("backfill asked"), null=True)
    backfilled_at = models.DateTimeField(_("backfilled"), null=True)
    margin_mode = models.CharField(_("other margin mode seen"), max_length=10, blank=True)
    breaks = models.PositiveIntegerField(_("breaks"), default=0)
    backfills = models.PositiveIntegerField(_("backfills"), default=0)
    events = models.PositiveBigIntegerField(_("events"), default=0)
    found = models.PositiveIntegerField(_("found by asking"), default=0)

    class Meta:
        verbose_name = _("user stream")
        verbose_name_plural = _("user streams")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=StreamState.values), name="stream_state_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.state}"


class ExternalOrder(HotModel):
    """An order on a follower's account that is not ours. Recorded, never touched."""

    account = models.ForeignKey(ExchangeAccount, on_delete=models.CASCADE, related_name="+")
    symbol = models.CharField(_("symbol"), max_length=32)
    venue_order_id = models.CharField(_("venue's order"), max_length=64)
    client_id = models.CharField(_("client id"), max_length=64, blank=True)
    side = models.CharField(_("side"), max_length=4, choices=_SIDES)
    position_side = models.CharField(_("position side"), max_length=5, choices=_POSITION_SIDES)
    reduce_only = models.BooleanField(_("reduce only"), default=False)
    forced = models.BooleanField(_("by the venue"), default=False)
    quantity = AmountField(_("quantity"))
    filled = AmountField(_("filled"), default=0)
    state = models.CharField(
        _("state"), max_length=16, choices=[(s.value, s.value) for s in OrderState]
    )
    first_at = models.DateTimeField(_("first seen"))
    at = models.DateTimeField(_("as of"))

    class Meta:
        verbose_name = _("external order")
        verbose_name_plural = _("external orders")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "symbol", "venue_order_id"], name="external_order_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity.normalize()} {self.symbol}"


class ExternalFill(HotModel):
    """A trade of an order that is not ours; unique with our own fills, by FillKey."""

    account = models.ForeignKey(ExchangeAccount, on_delete=models.CASCADE, related_name="+")
    symbol = models.CharField(_("symbol"), max_length=32)
    trade_id = models.CharField(_("venue's trade"), max_length=64)
    venue_order_id = models.CharField(_("venue's order"), max_length=64)
    client_id = models.CharField(_("client id"), max_length=64, blank=True)
    side = models.CharField(_("side"), max_length=4, choices=_SIDES)
    position_side = models.CharField(_("position side"), max_length=5, choices=_POSITION_SIDES)
    quantity = AmountField(_("quantity"))
    price = AmountField(_("price"))
    fee = AmountField(_("fee"))
    fee_currency = models.CharField(_("fee currency"), max_length=16)
    forced = models.BooleanField(_("by the venue"), default=False)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("external fill")
        verbose_name_plural = _("external fills")
        indexes = [models.Index(fields=["account", "symbol"], name="external_fill_symbol")]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity.normalize()} at {self.price.normalize()}"


class ExternalPosition(HotModel):
    """What a person holds beside our copies, by the fills that were seen. Never touched.

    ``quantity`` is signed base units. ``unexplained`` is what the venue holds beyond all fills
    that we know of; seen twice, it is taken for the person's own.
    """

    account = models.ForeignKey(ExchangeAccount, on_delete=models.CASCADE, related_name="+")
    symbol = models.CharField(_("symbol"), max_length=32)
    position_side = models.CharField(_("position side"), max_length=5, choices=_POSITION_SIDES)
    quantity = AmountField(_("quantity"), default=0)
    entry_price = AmountField(_("entry"), default=0)
    unexplained = AmountField(_("unexplained"), default=0)
    unexplained_at = models.DateTimeField(_("unexplained since"), null=True)
    updated_at = models.DateTimeField(_("updated"))

    class Meta:
        verbose_name = _("external position")
        verbose_name_plural = _("external positions")
        constraints = [
            models.UniqueConstraint(
                fields=["account", "symbol", "position_side"], name="external_position_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.quantity.normalize()}"
