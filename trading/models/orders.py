"""Orders (intents), their attempts, and the event beside each change of state."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, HotModel, PublicModel
from trading.domain.orders import TERMINAL, Cause, OrderStatus
from trading.domain.ports import PositionSide, Side
from trading.models.accounts import ExchangeAccount

STATUS_LABELS = {
    OrderStatus.PLANNED: _("Planned"),
    OrderStatus.SENDING: _("Sending"),
    OrderStatus.OPEN: _("Open"),
    OrderStatus.PARTIALLY_FILLED: _("Partially filled"),
    OrderStatus.FILLED: _("Filled"),
    OrderStatus.REJECTED: _("Rejected"),
    OrderStatus.CANCELLED: _("Cancelled"),
    OrderStatus.EXPIRED: _("Expired"),
    OrderStatus.UNKNOWN: _("Unknown"),
    OrderStatus.NEEDS_PERSON: _("Needs a person"),
}
_STATUSES = [status.value for status in OrderStatus]
_TERMINAL = sorted(status.value for status in TERMINAL)
_IN_DOUBT = [OrderStatus.UNKNOWN.value, OrderStatus.NEEDS_PERSON.value]
_ORDINARY = sorted(
    cause.value for cause in (Cause.CLAIM, Cause.ACKNOWLEDGE, Cause.FILL, Cause.COMPLETE)
)
_UNFILLED = [status for status in _TERMINAL if status != OrderStatus.FILLED.value]
_ODD = sorted((*_UNFILLED, OrderStatus.UNKNOWN.value, OrderStatus.NEEDS_PERSON.value))


class Origin(models.TextChoices):
    """What asked for an order; ``origin_id`` is that thing's id."""

    SIGNAL = "signal", _("Signal")
    MANUAL = "manual", _("Manual")
    GUARD = "guard", _("Guard")
    PANIC = "panic", _("Panic")
    KILL = "kill", _("Kill switch")
    STOP = "stop", _("Copy stopped")
    CONVERGE = "converge", _("Repair")
    JOIN = "join", _("Joined")


class Order(HotModel, PublicModel):
    """An intent and its life. The same origin, account and leg can never make a second one.

    ``quantity`` and ``filled`` are base units, ``margin_reserved`` the account's currency.
    ``lease_until`` and ``fence`` say who may send now; a sender that lost its lease walks away.
    ``cancel_*``: why and since when somebody wants the order out of the venue's book, and when
    that is asked for next.
    The execution and signal ids are plain numbers: the receipt's table is partitioned. The
    account is not checked by the database either: accounts are never deleted (PROTECT), and the
    check would lock the account's row and cost a fifth of the insert.
    """

    public_id = models.UUIDField(editable=False)
    origin_kind = models.CharField(_("origin"), max_length=12, choices=Origin)
    origin_id = models.BigIntegerField()
    leg = models.PositiveSmallIntegerField(_("leg"), default=0)
    account = models.ForeignKey(
        ExchangeAccount,
        on_delete=models.PROTECT,
        related_name="orders",
        db_constraint=False,
        db_index=False,
    )
    execution_id = models.BigIntegerField(null=True)
    subscription_id = models.BigIntegerField(null=True)
    route = models.CharField(_("route"), max_length=24)
    symbol = models.CharField(_("symbol"), max_length=32)
    side = models.CharField(_("side"), max_length=4, choices=[(s.value, s.value) for s in Side])
    position_side = models.CharField(
        _("position side"),
        max_length=5,
        choices=[(s.value, s.value) for s in PositionSide],
        default=PositionSide.BOTH.value,
    )
    reduce_only = models.BooleanField(_("reduce only"), default=False)
    quantity = AmountField(_("quantity"))
    leverage = models.PositiveSmallIntegerField(_("leverage"), default=1)
    margin_reserved = AmountField(_("reserved margin"), default=0)
    status = models.CharField(
        _("status"),
        max_length=16,
        choices=[(s.value, STATUS_LABELS[s]) for s in OrderStatus],
        default=OrderStatus.PLANNED.value,
        editable=False,
    )
    code = models.CharField(_("code"), max_length=40, blank=True)
    message = models.CharField(_("venue's answer"), max_length=300, blank=True)
    filled = AmountField(_("filled"), default=0)
    average_price = AmountField(_("average price"), null=True)
    rank = models.PositiveIntegerField(_("rank"), default=0)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    fence = models.PositiveIntegerField(_("fence"), default=0)
    lease_until = models.DateTimeField(_("leased until"), null=True)
    due_at = models.DateTimeField(_("looked at next"), null=True)
    valid_until = models.DateTimeField(_("valid until"), null=True)
    cancel_code = models.CharField(_("cancelled because"), max_length=40, blank=True, db_default="")
    cancel_asked_at = models.DateTimeField(_("cancel asked for"), null=True)
    cancel_due_at = models.DateTimeField(_("cancelled next"), null=True)
    created_at = models.DateTimeField(_("created"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["origin_kind", "origin_id", "account", "leg"], name="order_intent_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="order_quantity_positive"),
            models.CheckConstraint(
                condition=Q(filled__gte=0) & Q(filled__lte=F("quantity")),
                name="order_filled_within_quantity",
            ),
            models.CheckConstraint(condition=Q(status__in=_STATUSES), name="order_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=_TERMINAL, closed_at__isnull=False)
                | (~Q(status__in=_TERMINAL) & Q(closed_at__isnull=True)),
                name="order_terminal_has_closed_at",
            ),
            models.CheckConstraint(
                condition=Q(cancel_asked_at=None, cancel_due_at=None, cancel_code="")
                | (
                    Q(cancel_asked_at__isnull=False, cancel_due_at__isnull=False)
                    & ~Q(cancel_code="")
                ),
                name="order_cancel_is_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["route", "reduce_only", "rank", "id"],
                condition=Q(status=OrderStatus.PLANNED.value),
                name="order_to_send",
            ),
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False),
                name="order_to_look_at",
            ),
            models.Index(
                fields=["due_at"],
                condition=Q(due_at__isnull=False, status__in=_IN_DOUBT),
                name="order_in_doubt",
            ),
            models.Index(
                fields=["cancel_due_at"],
                condition=Q(cancel_due_at__isnull=False, closed_at__isnull=True),
                name="order_to_cancel",
            ),
            # The symbol narrows what is read; in front of the id it would be an index of its own.
            models.Index(fields=["account", "-id", "symbol"], name="order_account_recent"),
            models.Index(
                fields=["account", "-id"],
                condition=Q(status__in=_UNFILLED),
                name="order_account_unfilled",
            ),
            models.Index(
                fields=["status", "-id"],
                condition=Q(status__in=_UNFILLED),
                name="order_unfilled_recent",
            ),
            models.Index(
                fields=["account", "symbol"],
                condition=Q(closed_at__isnull=True),
                name="order_alive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.quantity.normalize()} {self.symbol}"


class AttemptOutcome(models.TextChoices):
    SENDING = "sending", _("Sending")
    CONFIRMED = "confirmed", _("Confirmed")
    REFUSED = "refused", _("Refused")
    UNKNOWN = "unknown", _("Unknown")
    NOT_PLACED = "not_placed", _("Proven absent")


class OrderAttempt(HotModel):
    """One POST, written before its first byte. The client id is a function of (order, number).

    Orders are never deleted, so the database is not asked whether the order exists.
    """

    order = models.ForeignKey(
        Order,
        on_delete=models.PROTECT,
        related_name="tries",
        db_constraint=False,
        db_index=False,
    )
    number = models.PositiveSmallIntegerField(_("number"))
    client_id = models.CharField(_("client id"), max_length=32)
    outcome = models.CharField(
        _("outcome"),
        max_length=12,
        choices=AttemptOutcome,
        default=AttemptOutcome.SENDING,
        editable=False,
    )
    fence = models.PositiveIntegerField(_("fence"))
    claimed_at = models.DateTimeField(_("claimed"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    answered_at = models.DateTimeField(_("answered"), null=True)
    venue_order_id = models.CharField(_("venue's order"), max_length=64, blank=True)
    venue_code = models.CharField(_("venue's code"), max_length=24, blank=True)
    message = models.CharField(_("venue's answer"), max_length=300, blank=True)
    reported_filled = AmountField(_("filled by its own word"), default=0)
    lookups = models.PositiveSmallIntegerField(_("look-ups"), default=0)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["client_id"], name="attempt_client_id_once"),
            models.UniqueConstraint(fields=["order", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(outcome__in=["sending", "unknown"]),
                name="attempt_one_unresolved",
            ),
        ]
        # Written only for what went wrong: no order that is filled pays for them.
        indexes = [
            models.Index(
                fields=["outcome", "-id"],
                condition=Q(outcome__in=["refused", "not_placed"]),
                name="attempt_failed_recent",
            ),
            models.Index(
                fields=["venue_code", "-id"],
                condition=~Q(venue_code=""),
                name="attempt_code_recent",
            ),
        ]

    def __str__(self) -> str:
        return self.client_id


class OrderEvent(HotModel):
    """One change of an order's state, beside it and in its transaction. Partitioned by id."""

    order_id = models.BigIntegerField()
    was = models.CharField(max_length=16)
    became = models.CharField(max_length=16)
    cause = models.CharField(max_length=16)
    code = models.CharField(max_length=40, blank=True)
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("order event")
        verbose_name_plural = _("order events")
        indexes = [
            models.Index(fields=["order_id", "id"], name="order_event_history"),
            models.Index(
                fields=["became", "-id"],
                condition=Q(became__in=_ODD),
                name="order_event_odd_state",
            ),
            models.Index(
                fields=["cause", "-id"],
                condition=~Q(cause__in=_ORDINARY),
                name="order_event_odd_cause",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.was} → {self.became}"


class LookFinding(models.TextChoices):
    """What a look showed, or what an operator said instead."""

    PLACED = "placed", _("There")
    ABSENT = "absent", _("Proven absent")
    UNCLEAR = "unclear", _("Unclear")
    SAID_PLACED = "said_placed", _("Said to be there")
    SAID_ABSENT = "said_absent", _("Said to be absent")
    ASKED_AGAIN = "asked_again", _("To be looked at again")


class OrderLook(HotModel):
    """One look at an order that nobody was sure of: when, what was asked, what came.

    ``evidence`` is a list of ``{"asked", "came"}`` in the order of asking. ``by`` is who decided
    without the venue's word, with their ``reason``; None for the engine. Added to, never changed.
    """

    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, related_name="looks", db_constraint=False, db_index=False
    )
    client_id = models.CharField(_("client id"), max_length=32)
    at = models.DateTimeField(_("at"))
    finding = models.CharField(_("finding"), max_length=12, choices=LookFinding)
    evidence = models.JSONField(_("evidence"), default=list)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("look at an order")
        verbose_name_plural = _("looks at orders")
        ordering = ("id",)
        constraints = [
            models.CheckConstraint(
                condition=Q(finding__in=LookFinding.values), name="order_look_finding_known"
            )
        ]
        indexes = [models.Index(fields=["order", "id"], name="order_look_history")]

    def __str__(self) -> str:
        return f"{self.client_id}: {self.finding}"


class OrderInDoubt(Order):
    """Orders of which nobody is sure whether the venue has them: the operators' queue."""

    class Meta:
        proxy = True
        verbose_name = _("order in doubt")
        verbose_name_plural = _("orders in doubt")
