"""Repairs: what was done so that a copy holds what it should; a row each, for a person to see."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, HotModel, PublicModel
from trading.domain.repairs import RepairState
from trading.models.accounts import ExchangeAccount
from trading.models.copying import CopySubscription


class RepairCause(models.TextChoices):
    STOP = "stop", _("The copy was stopped")
    CLOSE = "close", _("A close was not done")
    OPEN = "open", _("An open was not filled")


STATE_LABELS = {
    RepairState.PLANNED: _("Planned"),
    RepairState.WORKING: _("At work"),
    RepairState.FAILED: _("Failed, tried again"),
    RepairState.DONE: _("Done"),
    RepairState.NOTHING: _("Nothing to do"),
    RepairState.RESIDUAL: _("Too small to trade"),
    RepairState.GIVEN_UP: _("Given up"),
}
_ENDED = [
    state.value
    for state in (
        RepairState.DONE, RepairState.NOTHING, RepairState.RESIDUAL, RepairState.GIVEN_UP,
    )
]  # fmt: skip


class Repair(HotModel, PublicModel):
    """The row is the queue and the record: a copy's position in a symbol, brought to its target.

    ``held``, ``target`` and ``left`` are signed base units (short is negative): the copy's share
    and what it should have been when the row was made, and the share when it ended. ``done`` is
    what its orders traded, unsigned, at the average ``price``. ``signal_id``: the open or the
    partial close that it completes; None where everything beyond the target is closed. An order's
    ``origin_id`` is the row, its leg the number of the try; ``order_id`` is the newest try's.
    """

    subscription = models.ForeignKey(
        CopySubscription, on_delete=models.PROTECT, related_name="repairs"
    )
    account = models.ForeignKey(ExchangeAccount, on_delete=models.PROTECT, related_name="+")
    symbol = models.CharField(_("symbol"), max_length=32)
    cause = models.CharField(_("cause"), max_length=8, choices=RepairCause)
    signal_id = models.BigIntegerField(null=True)
    held = AmountField(_("held"))
    target = AmountField(_("target"))
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=[(state.value, STATE_LABELS[state]) for state in RepairState],
        default=RepairState.PLANNED.value,
        editable=False,
    )
    code = models.CharField(_("code"), max_length=40, blank=True)
    message = models.CharField(_("venue's answer"), max_length=300, blank=True)
    order_id = models.BigIntegerField(_("order"), null=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    done = AmountField(_("traded"), default=0)
    price = AmountField(_("price"), null=True)
    left = AmountField(_("left"), null=True)
    created_at = models.DateTimeField(_("made"))
    due_at = models.DateTimeField(_("looked at next"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("repair")
        verbose_name_plural = _("repairs")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "symbol"],
                condition=Q(ended_at=None),
                name="repair_one_at_work",
            ),
            models.UniqueConstraint(
                fields=["subscription", "symbol", "signal_id", "cause"],
                condition=Q(signal_id__isnull=False),
                name="repair_once_a_signal",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=_ENDED, ended_at__isnull=False, due_at=None, left__isnull=False
                )
                | (~Q(state__in=_ENDED) & Q(ended_at=None, due_at__isnull=False)),
                name="repair_state_fits_end",
            ),
            models.CheckConstraint(
                condition=~Q(state=RepairState.WORKING.value) | Q(order_id__isnull=False),
                name="repair_working_has_order",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="repair_to_do"),
            models.Index(fields=["subscription", "symbol", "-id"], name="repair_of_leg"),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.held.normalize()} → {self.target.normalize()} {self.state}"
