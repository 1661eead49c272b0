"""What a caller was answered, kept for the caller who never got to read it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedAnswer(models.Model):
    """One ``Idempotency-Key`` of one person. ``status`` is empty until the request has ended.

    The person is a plain number: they belong to a higher layer, and the row is gone in a day.
    ``request_digest`` is keyed: bodies hold exchange keys, which nobody may try to guess from it.
    """

    person_id = models.BigIntegerField()
    key = models.CharField(_("key"), max_length=128)
    request_digest = models.BinaryField()
    status = models.PositiveSmallIntegerField(_("status"), null=True)
    body = models.TextField(_("answer"), blank=True)
    created_at = models.DateTimeField(_("created"), db_index=True)

    class Meta:
        verbose_name = _("saved answer")
        verbose_name_plural = _("saved answers")
        constraints = [
            models.UniqueConstraint(fields=["person_id", "key"], name="saved_answer_once_per_key")
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.key}: {self.status or '…'}"
