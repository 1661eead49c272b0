"""Copy subscriptions, their settings, and the receipt of each signal for each of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, HotModel, PercentField, PublicModel
from signals.models import Signal, Strategy
from trading.domain.receipts import Code
from trading.domain.sizing import SizingMode
from trading.models.accounts import ExchangeAccount
from trading.models.limits import LimitFields


class CopyMode(models.TextChoices):
    AUTO = "auto", _("Auto")
    APPROVAL = "approval", _("Approval")
    NOTIFY = "notify", _("Notify only")


class SubscriptionStatus(models.TextChoices):
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    CLOSING = "closing", _("Ending")
    STOPPED = "stopped", _("Stopped")


class StopWay(models.TextChoices):
    """What becomes of what a copy holds when its person stops it."""

    KEEP = "keep", _("Keep the positions")
    CLOSE_NOW = "close_now", _("Close at market now")
    CLOSE_LATER = "close_later", _("Close when the strategy closes")


SIZING_LABELS = {
    SizingMode.RISK_PCT: _("Risk %"),
    SizingMode.EQUITY_PCT: _("Equity %"),
    SizingMode.FIXED_AMOUNT: _("Fixed amount"),
    SizingMode.FIXED_QUANTITY: _("Fixed quantity"),
    SizingMode.MULTIPLIER: _("Multiple of the provider"),
    SizingMode.PROPORTIONAL: _("In proportion to the provider"),
    SizingMode.RISK_BUDGET: _("Risk budget"),
}


def _symbols(label: Any) -> ArrayField[Any, Any]:
    field = models.CharField(max_length=32)
    return ArrayField(field, verbose_name=label, default=list, blank=True)


class CopySubscription(PublicModel):
    """A follower's link to a strategy on one exchange account; settings are versioned beside it.

    ``status_reason``: why it was paused, where nobody paused it by hand; a code. ``stopping``:
    how its person stopped it; one that is *closing* opens nothing and ends once it holds nothing.
    A stopped copy is not begun again: whoever wants it back starts a new one.
    ``settings_at_venue`` is the version whose leverages were passed on to :class:`VenueSetting`;
    any other than the one in force says that somebody has to.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="copy_subscriptions"
    )
    strategy = models.ForeignKey(Strategy, on_delete=models.PROTECT, related_name="subscriptions")
    account = models.ForeignKey(
        ExchangeAccount, on_delete=models.PROTECT, related_name="subscriptions"
    )
    settings = models.ForeignKey("trading.CopySettings", on_delete=models.PROTECT, related_name="+")
    mode = models.CharField(_("mode"), max_length=10, choices=CopyMode, default=CopyMode.AUTO)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=SubscriptionStatus,
        default=SubscriptionStatus.ACTIVE,
        editable=False,
    )
    status_reason = models.CharField(_("reason"), max_length=40, blank=True, editable=False)
    stopping = models.CharField(
        _("stopped how"), max_length=12, choices=StopWay, blank=True, default="", editable=False
    )
    settings_at_venue = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("copy subscription")
        verbose_name_plural = _("copy subscriptions")
        constraints = [
            models.UniqueConstraint(
                fields=["strategy", "account"],
                condition=~Q(status="stopped"),
                name="one_subscription_per_strategy_and_account",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["active", "paused"], stopping="")
                | (Q(status="closing") & Q(stopping__in=["close_now", "close_later"]))
                | Q(status="stopped"),
                name="subscription_stopping_fits_status",
            ),
            models.CheckConstraint(
                condition=Q(status__in=SubscriptionStatus.values), name="subscription_status_known"
            ),
        ]
        indexes = [
            models.Index(fields=["strategy", "status", "id"], name="subscription_fanout"),
            models.Index(
                fields=["id"],
                condition=Q(status="active") & ~Q(settings_at_venue=F("settings")),
                name="subscription_leverage_to_do",
            ),
            models.Index(fields=["id"], condition=Q(status="closing"), name="subscription_closing"),
        ]

    def __str__(self) -> str:
        return f"{self.strategy_id} on {self.account_id}"


class LeverageMode(models.TextChoices):
    FOLLOW = "follow", _("As the signal")
    FIXED = "fixed", _("Fixed")


class CopySettings(LimitFields):
    """One version of how a subscription is sized and capped. Rows are never edited.

    Percentages are of the equity allocated to the subscription (``allocation_pct`` of the
    account's). ``sizing_value`` is in the unit of its mode (:mod:`trading.domain.sizing`);
    ``symbol_leverage`` maps symbols to whole numbers. Limits only make stricter what platform,
    strategy and account allow. ``previous`` is the version that this one took the place of.
    """

    version = models.PositiveIntegerField(_("version"), default=1)
    sizing_mode = models.CharField(
        _("sizing"), max_length=16, choices=[(m.value, SIZING_LABELS[m]) for m in SizingMode]
    )
    sizing_value = AmountField(_("value"))
    allocation_pct = PercentField(_("allocated, %"), default=Decimal(100))
    risk_multiplier = models.DecimalField(
        _("multiplier"), max_digits=6, decimal_places=3, default=Decimal(1)
    )
    leverage_mode = models.CharField(
        _("leverage"), max_length=8, choices=LeverageMode, default=LeverageMode.FOLLOW
    )
    fixed_leverage = models.PositiveSmallIntegerField(_("fixed leverage"), null=True, blank=True)
    symbol_leverage = models.JSONField(_("leverage by symbol"), default=dict, blank=True)
    allowed_symbols = _symbols(_("only these symbols"))
    blocked_symbols = _symbols(_("never these symbols"))
    previous = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", editable=False,
        db_index=False,
    )  # fmt: skip
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("copy settings")
        verbose_name_plural = _("copy settings")
        constraints = [
            models.CheckConstraint(
                condition=Q(sizing_mode__in=[m.value for m in SizingMode])
                & Q(sizing_value__gt=0)
                & Q(risk_multiplier__gt=0, risk_multiplier__lte=10)
                & Q(allocation_pct__gt=0, allocation_pct__lte=100)
                & (Q(leverage_mode=LeverageMode.FOLLOW) | Q(fixed_leverage__gte=1))
                & (Q(max_position_pct=None) | Q(max_position_pct__gt=0)),
                name="copy_settings_bounds",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sizing_mode} {self.sizing_value.normalize()} v{self.version}"


class ExecutionOutcome(models.TextChoices):
    PENDING = "pending", _("Pending approval")
    PLANNED = "planned", _("Planned")
    EXECUTED = "executed", _("Executed")
    SKIPPED = "skipped", _("Skipped")
    REFUSED = "refused", _("Refused by the venue")
    FAILED = "failed", _("Failed")
    UNKNOWN = "unknown", _("Unknown")


class CopyExecution(HotModel, PublicModel):
    """The decision receipt: what one signal did for one subscription, and why.

    ``inputs`` holds equity, price and settings version as decided; ``steps`` the formula, each
    cap and the rounding in order, as the domain returned them; quantity is in base currency.
    Partitioned by id. References are unchecked by the database: ten of them would cost more
    than the insert, and none of the rows they name is ever deleted before this one.
    """

    public_id = models.UUIDField(editable=False)
    signal = models.ForeignKey(
        Signal, on_delete=models.DO_NOTHING, related_name="executions", db_constraint=False
    )
    subscription = models.ForeignKey(
        CopySubscription,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    account = models.ForeignKey(
        ExchangeAccount,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    outcome = models.CharField(_("outcome"), max_length=10, choices=ExecutionOutcome)
    code = models.CharField(
        _("code"), max_length=40, choices=[(code.value, code.value) for code in Code]
    )
    venue_message = models.CharField(_("venue's answer"), max_length=300, blank=True)
    quantity = AmountField(_("quantity"), null=True)
    leverage = models.PositiveSmallIntegerField(_("leverage"), null=True)
    inputs = models.JSONField(_("inputs"), default=dict)
    steps = models.JSONField(_("steps"), default=list)
    rank = models.PositiveIntegerField(_("rank"))
    received_at = models.DateTimeField(_("received"))
    decided_at = models.DateTimeField(_("decided"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["signal", "outcome", "id"], name="receipt_signal_outcome"),
            models.Index(fields=["user", "-id"], name="receipt_person_recent"),
            models.Index(fields=["signal"], condition=Q(outcome="pending"), name="receipt_pending"),
            models.Index(
                fields=["outcome", "-id"],
                condition=Q(outcome__in=["pending", "refused", "failed", "unknown"]),
                name="receipt_odd_outcome",
            ),
            models.Index(
                fields=["code", "-id"],
                condition=~Q(code__in=[Code.PLANNED.value, Code.EXECUTED.value]),
                name="receipt_odd_code",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=ExecutionOutcome.values), name="receipt_outcome_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.public_id}"


class ExecutionKey(models.Model):
    """Uniqueness of a receipt: one per signal and subscription, whoever retries."""

    pk = models.CompositePrimaryKey("signal_id", "subscription_id")
    signal_id = models.BigIntegerField()
    subscription_id = models.BigIntegerField()
    execution_id = models.BigIntegerField()


class SignalFanout(models.Model):
    """The row that is the queue: a published signal that followers are still to be decided for.

    Written in the transaction that publishes the signal. ``lease_until`` and ``fence`` belong to
    whoever is deciding; subscriptions that have their receipt are found by its key.
    """

    signal = models.OneToOneField(
        Signal, on_delete=models.CASCADE, primary_key=True, related_name="fanout"
    )
    closing = models.BooleanField(_("closing"))
    done_at = models.DateTimeField(_("done"), null=True)
    lease_until = models.DateTimeField(_("leased until"), null=True)
    fence = models.PositiveIntegerField(_("fence"), default=0)
    receipts = models.PositiveIntegerField(_("receipts"), default=0)
    created_at = models.DateTimeField(_("created"))

    class Meta:
        verbose_name = _("fan-out")
        verbose_name_plural = _("fan-outs")
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(done_at=None), name="fanout_still_to_do"
            )
        ]

    def __str__(self) -> str:
        return f"fan-out of {self.signal_id}"
