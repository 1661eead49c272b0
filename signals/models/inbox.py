"""The inbox: every authenticated message as it came, before anyone interprets it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import HotModel, PublicModel
from signals.models.providers import Strategy


class Verdict(models.TextChoices):
    RECEIVED = "received", _("Received")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")


class InboxMessage(HotModel, PublicModel):
    """One raw message. The body has its secrets replaced by ``***`` before it is stored.

    Partitioned by id; uniqueness of a delivery is :class:`InboxKey`'s.
    """

    public_id = models.UUIDField(editable=False)
    strategy = models.ForeignKey(
        Strategy, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    door = models.CharField(_("door"), max_length=24)
    body = models.TextField(_("body"))
    content_type = models.CharField(_("content type"), max_length=80, blank=True)
    remote_address = models.GenericIPAddressField(_("sender"), null=True)
    verdict = models.CharField(
        _("verdict"), max_length=16, choices=Verdict, default=Verdict.RECEIVED
    )
    code = models.CharField(_("code"), max_length=64, blank=True)
    reason = models.TextField(_("reason"), blank=True)
    parse = models.JSONField(_("parse"), null=True)
    duplicates = models.PositiveIntegerField(_("duplicates"), default=0)
    received_at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name = _("inbox message")
        verbose_name_plural = _("signal inbox")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["strategy", "-id"], name="inbox_strategy_recent"),
            models.Index(fields=["verdict", "-id"], name="inbox_verdict_recent"),
        ]

    def __str__(self) -> str:
        return f"{self.door} {self.public_id}"


class InboxKey(models.Model):
    """What makes a delivery the same one: a digest of (door, strategy, alert time or body).

    With the alert's own time the key holds for good (``expires_at`` empty); a body without one is
    the same message for 60 s only, since tomorrow's identical alert is a new one. A refused
    message gives its key to the first one that is taken: the sender has mended what was wrong.
    """

    digest = models.BinaryField(primary_key=True)
    message_id = models.BigIntegerField()
    refused = models.BooleanField()
    expires_at = models.DateTimeField(null=True, db_index=True)
