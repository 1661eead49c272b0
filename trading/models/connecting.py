"""How an account came to its state: live checks of its keys, and every change of state."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from trading.models.accounts import AccountState, ExchangeAccount


class CheckOutcome(models.TextChoices):
    PASSED = "passed", _("Passed")
    REFUSED = "refused", _("Refused")
    NO_ANSWER = "no_answer", _("No answer")
    SUPERSEDED = "superseded", _("Superseded")


class AccountCheck(models.Model):
    """One live check of an account's keys at its venue; the open row is the queue.

    ``sealed_keys`` are new keys that are not the account's yet: they become so by passing and
    are gone when the check has ended; empty, the account's own are checked. ``due_at`` is when
    somebody may take it up next. Facts are null where the venue did not tell.
    """

    account = models.ForeignKey(ExchangeAccount, on_delete=models.CASCADE, related_name="checks")
    sealed_keys = models.BinaryField(null=True, editable=False)
    asked_at = models.DateTimeField(_("asked"))
    due_at = models.DateTimeField(_("due"))
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    ended_at = models.DateTimeField(_("ended"), null=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=CheckOutcome, blank=True)
    code = models.CharField(_("reason"), max_length=40, blank=True)
    message = models.CharField(_("venue's message"), max_length=200, blank=True)
    can_trade = models.BooleanField(_("can trade"), null=True)
    can_withdraw = models.BooleanField(_("can withdraw"), null=True)
    ip_restricted = models.BooleanField(_("bound to addresses"), null=True)
    hedge = models.BooleanField(_("hedge mode"), null=True)
    margin_mode = models.CharField(_("margin mode"), max_length=10, blank=True)
    clock_ahead_ms = models.IntegerField(_("our clock ahead, ms"), null=True)

    class Meta:
        verbose_name = _("key check")
        verbose_name_plural = _("key checks")
        ordering = ("-asked_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(ended_at=None), name="account_check_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="")
                | Q(ended_at__isnull=False, outcome__in=CheckOutcome.values, sealed_keys=None),
                name="account_check_ended_is_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(ended_at=None), name="account_check_due"),
            models.Index(fields=["account", "asked_at"], name="account_check_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.asked_at:%F %T} {self.outcome}"


class AccountEvent(models.Model):
    """A change of an account's state; written with it, never changed."""

    account = models.ForeignKey(ExchangeAccount, on_delete=models.CASCADE, related_name="events")
    was = models.CharField(_("was"), max_length=20, choices=AccountState)
    became = models.CharField(_("became"), max_length=20, choices=AccountState)
    cause = models.CharField(_("cause"), max_length=12)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("account event")
        verbose_name_plural = _("account events")
        ordering = ("-at",)
        indexes = [models.Index(fields=["account", "at"], name="account_event_at")]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.was} → {self.became}"
