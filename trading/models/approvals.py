"""A follower's answer to a signal that waited for them, on record for good."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import PublicModel
from signals.models import Signal
from trading.domain.receipts import Code
from trading.models.copying import CopySubscription


class ApprovalDecision(models.TextChoices):
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class Approval(PublicModel):
    """Rows are never edited. ``code`` is what the rules said at that moment: ``planned``, or why
    nothing was ordered; what became of the order stands in its receipt, ``execution_id``.
    ``consent_version`` is the copy-trading disclosure that the person answered under.
    """

    execution_id = models.BigIntegerField(_("receipt"), unique=True)
    signal = models.ForeignKey(Signal, on_delete=models.PROTECT, related_name="+", db_index=False)
    subscription = models.ForeignKey(
        CopySubscription, on_delete=models.PROTECT, related_name="approvals"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals"
    )
    decision = models.CharField(_("decision"), max_length=8, choices=ApprovalDecision)
    code = models.CharField(
        _("code"), max_length=40, choices=[(code.value, code.value) for code in Code]
    )
    consent_version = models.PositiveSmallIntegerField(_("disclosure"), null=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("browser"), max_length=200, blank=True)
    decided_at = models.DateTimeField(_("decided"))

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(
                fields=["signal", "subscription"], name="one_approval_per_signal_and_copy"
            ),
            models.CheckConstraint(
                condition=Q(decision__in=ApprovalDecision.values), name="approval_decision_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.decision} {self.code}"
