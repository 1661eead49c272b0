"""What knocked without a valid secret: enough to see an attack or a mistake, nothing to steal."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import HotModel

EXCERPT_BYTES = 200


class StrayMessage(HotModel):
    """The newest unauthenticated message per door and sender, with how many came. Kept 7 days."""

    door = models.CharField(_("door"), max_length=24)
    remote_address = models.GenericIPAddressField(_("sender"), null=True)
    code = models.CharField(_("code"), max_length=64)
    excerpt = models.CharField(_("excerpt"), max_length=EXCERPT_BYTES)
    count = models.PositiveIntegerField(_("count"), default=1)
    first_at = models.DateTimeField(_("first"))
    last_at = models.DateTimeField(_("last"))

    class Meta:
        verbose_name = _("unauthenticated message")
        verbose_name_plural = _("unauthenticated messages")
        ordering = ("-last_at",)
        constraints = [
            models.UniqueConstraint(
                fields=["door", "remote_address"], nulls_distinct=False, name="stray_per_sender"
            )
        ]

    def __str__(self) -> str:
        return f"{self.door} {self.remote_address}"
