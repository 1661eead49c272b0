"""Master accounts: what their owners trade is what a strategy says."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, HotModel, PercentField, PublicModel
from signals.models import Strategy
from trading.domain.ports import PositionSide, Side
from trading.models.accounts import ExchangeAccount
from trading.models.copying import CopySubscription

_SIDES = [(side.value, side.value) for side in Side]
_POSITION_SIDES = [(side.value, side.value) for side in PositionSide]


class MasterState(models.TextChoices):
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    DISCONNECTED = "disconnected", _("Disconnected")


class MasterAccount(PublicModel):
    """An exchange account that a strategy's signals come from, until it is disconnected.

    ``preview``: signals are written and nobody gets them. Orders whose client id begins with
    ``no_copy_prefix`` and symbols in ``ignored_symbols`` are not mirrored. ``consent_version`` is
    the text that its owner had agreed to; None while there was none.
    """

    strategy = models.ForeignKey(Strategy, on_delete=models.PROTECT, related_name="masters")
    account = models.ForeignKey(ExchangeAccount, on_delete=models.PROTECT, related_name="masters")
    state = models.CharField(
        _("state"),
        max_length=12,
        choices=MasterState,
        default=MasterState.ACTIVE,
        editable=False,
    )
    preview = models.BooleanField(_("preview"), default=True, editable=False)
    no_copy_prefix = models.CharField(_("no-copy prefix"), max_length=16, default="nocopy")
    ignored_symbols = ArrayField(
        models.CharField(max_length=32), verbose_name=_("ignored symbols"), default=list, blank=True
    )
    consent_version = models.PositiveSmallIntegerField(_("consent"), null=True, editable=False)
    connected_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False
    )
    connected_at = models.DateTimeField(_("connected"), editable=False)
    ended_at = models.DateTimeField(_("disconnected"), null=True, editable=False)

    class Meta:
        verbose_name = _("master account")
        verbose_name_plural = _("master accounts")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["strategy"], condition=Q(ended_at=None), name="master_one_per_strategy"
            ),
            models.UniqueConstraint(
                fields=["account"], condition=Q(ended_at=None), name="master_one_per_account"
            ),
            models.CheckConstraint(
                condition=Q(state="disconnected", ended_at__isnull=False)
                | Q(state__in=["active", "paused"], ended_at=None),
                name="master_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} → {self.strategy}"


class MoveState(models.TextChoices):
    READY = "ready", _("Ready")
    TOLD = "told", _("Signal")
    PREVIEW = "preview", _("Preview")
    REFUSED = "refused", _("Refused")
    IGNORED = "ignored", _("Ignored")


class MasterMove(HotModel):
    """What one order did to a master's position within 300 ms, and what became of it.

    ``symbol`` with the venue's trade id of its first fill names it; money that came or went has no
    symbol. ``held_before`` is signed base units, ``quantity`` and ``opens`` (what of it opens) are
    not signed; ``close_pct`` is the part of the position that it closes. ``equity``, ``leverage``
    and ``margin_pct`` (margin of what it opens ÷ equity) are the master's at the time, where known.
    What it opens is ``part_from_pct`` to ``part_to_pct`` of all that its order is to open.
    ``code`` says why it, or its opening half, was not mirrored.
    """

    master = models.ForeignKey(
        MasterAccount, on_delete=models.PROTECT, related_name="moves", db_index=False
    )
    state = models.CharField(_("state"), max_length=8, choices=MoveState, editable=False)
    code = models.CharField(_("code"), max_length=64, blank=True)
    symbol = models.CharField(_("symbol"), max_length=32, blank=True)
    trade_id = models.CharField(_("first trade"), max_length=96)
    position_side = models.CharField(
        _("position side"), max_length=5, choices=_POSITION_SIDES, blank=True
    )
    venue_order_id = models.CharField(_("venue's order"), max_length=64, blank=True)
    client_id = models.CharField(_("client id"), max_length=64, blank=True)
    side = models.CharField(_("side"), max_length=4, choices=_SIDES, blank=True)
    quantity = AmountField(_("quantity"), default=0)
    price = AmountField(_("price"), null=True)
    forced = models.BooleanField(_("by the venue"), default=False)
    held_before = AmountField(_("held before"), default=0)
    close_pct = PercentField(_("closes, %"), null=True)
    opens = AmountField(_("opens"), default=0)
    equity = AmountField(_("equity"), null=True)
    leverage = models.PositiveSmallIntegerField(_("leverage"), null=True)
    margin_pct = PercentField(_("margin, %"), null=True)
    part_from_pct = PercentField(_("part from, %"), null=True)
    part_to_pct = PercentField(_("part to, %"), null=True)
    signal = models.ForeignKey(
        "signals.Signal", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    at = models.DateTimeField(_("at the venue"))
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("move of a master")
        verbose_name_plural = _("moves of masters")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["master", "symbol", "trade_id"], name="master_move_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=MoveState.values), name="master_move_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["master", "-id"], name="master_moves_recent"),
            models.Index(
                fields=["master", "id"], condition=Q(state="ready"), name="master_to_tell"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity.normalize()} {self.symbol}"


class MasterFill(HotModel):
    """A trade of a master's own, from when it was booked until it is part of a move.

    Written in the transaction that books the trade, so that none can be missing.
    """

    master = models.ForeignKey(MasterAccount, on_delete=models.PROTECT, related_name="+")
    move = models.ForeignKey(MasterMove, on_delete=models.PROTECT, null=True, related_name="fills")
    symbol = models.CharField(max_length=32)
    position_side = models.CharField(max_length=5)
    venue_order_id = models.CharField(max_length=64, blank=True)
    client_id = models.CharField(max_length=64, blank=True)
    trade_id = models.CharField(max_length=64)
    side = models.CharField(max_length=4)
    quantity = AmountField()
    price = AmountField()
    forced = models.BooleanField()
    at = models.DateTimeField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["master", "symbol", "trade_id"], name="master_fill_once"
            )
        ]
        indexes = [
            models.Index(fields=["master"], condition=Q(move=None), name="master_fill_to_do"),
            models.Index(fields=["master", "venue_order_id"], name="master_fill_order"),
        ]


class MasterExit(HotModel):
    """A stop or a target that a master has, or had, at its venue; ``quantity`` 0 closes all."""

    master = models.ForeignKey(MasterAccount, on_delete=models.PROTECT, related_name="+")
    order_id = models.CharField(max_length=64)
    symbol = models.CharField(max_length=32)
    position_side = models.CharField(max_length=5)
    side = models.CharField(max_length=4)
    stops = models.BooleanField()
    price = AmountField()
    quantity = AmountField()
    alive = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["master", "order_id"], name="master_exit_once")
        ]
        indexes = [
            models.Index(
                fields=["master", "symbol"], condition=Q(alive=True), name="master_exit_alive"
            )
        ]


class MasterRemainder(models.Model):
    """What a copy would have opened of its master's moves, had it not been too little to be traded.

    Signed base units; written under the account's budget lock.
    """

    pk = models.CompositePrimaryKey("subscription_id", "symbol")
    subscription = models.ForeignKey(CopySubscription, on_delete=models.CASCADE, related_name="+")
    symbol = models.CharField(max_length=32)
    quantity = AmountField()
    updated_at = models.DateTimeField()


class MasterLeverage(models.Model):
    """The leverage of a master's symbol, as its venue told it last."""

    account = models.ForeignKey(ExchangeAccount, on_delete=models.CASCADE, related_name="+")
    symbol = models.CharField(max_length=32)
    leverage = models.PositiveSmallIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "symbol"], name="master_leverage_once")
        ]
