"""How an account is to trade an instrument at its venue, and how it does: the row is the queue."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import HotModel
from trading.domain.ports import MarginMode
from trading.models.accounts import ExchangeAccount


class SettingState(models.TextChoices):
    PLANNED = "planned", _("To be set")
    SET = "set", _("As wanted")
    REFUSED = "refused", _("Refused")
    CHANGED = "changed", _("Changed at the venue")
    NO_ANSWER = "no_answer", _("No answer")


class VenueSetting(HotModel):
    """Leverage, margin mode and position mode of one instrument on one account.

    ``wanted`` is what its copies come to at most; ``planned_for`` the highest leverage that a
    signal named when that was worked out. ``leverage``, ``margin_mode`` and ``hedged`` are what
    the venue last told (null, empty: not told), at ``read_at``. ``due_at`` is when somebody looks
    again, and a lease while somebody does. ``code`` says why it is not as wanted.
    """

    account = models.ForeignKey(
        ExchangeAccount, on_delete=models.CASCADE, related_name="venue_settings", db_index=False
    )
    symbol = models.CharField(_("symbol"), max_length=32)
    wanted = models.PositiveSmallIntegerField(_("wanted leverage"))
    planned_for = models.PositiveSmallIntegerField(_("highest signalled leverage"), default=0)
    state = models.CharField(
        _("state"), max_length=12, choices=SettingState, default=SettingState.PLANNED,
        editable=False,
    )  # fmt: skip
    leverage = models.PositiveSmallIntegerField(_("leverage at the venue"), null=True)
    margin_mode = models.CharField(
        _("margin mode"), max_length=8, blank=True,
        choices=[(MarginMode.CROSS.value, _("Cross")), (MarginMode.ISOLATED.value, _("Isolated"))],
    )  # fmt: skip
    hedged = models.BooleanField(_("hedge mode"), null=True)
    read_at = models.DateTimeField(_("read"), null=True)
    code = models.CharField(_("reason"), max_length=40, blank=True)
    message = models.CharField(_("venue's answer"), max_length=200, blank=True)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    asked_at = models.DateTimeField(_("asked for"))
    due_at = models.DateTimeField(_("looked at next"))

    class Meta:
        verbose_name = _("venue setting")
        verbose_name_plural = _("venue settings")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["account", "symbol"], name="venue_setting_once"),
            models.CheckConstraint(
                condition=Q(wanted__gte=1) & (Q(leverage=None) | Q(leverage__gte=1)),
                name="venue_setting_leverage_positive",
            ),
            models.CheckConstraint(
                condition=Q(state__in=SettingState.values), name="venue_setting_state_known"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], name="venue_setting_due")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.wanted}× {self.state}"
