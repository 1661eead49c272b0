"""Browsers that are signed in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import PublicModel


class BrowserSession(PublicModel):
    """What a person is told of one of Django's sessions. ``seen_at`` is a minute or two behind.

    ``device`` and ``network`` are those of :mod:`mimic.core.fingerprint` at sign-in.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="browser_sessions"
    )
    session_key = models.CharField(max_length=40, unique=True, editable=False)
    device = models.CharField(_("device"), max_length=60, blank=True)
    network = models.CharField(_("network"), max_length=43, blank=True)
    created_at = models.DateTimeField(_("signed in"))
    seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("signed-in browser")
        verbose_name_plural = _("signed-in browsers")
        ordering = ("-seen_at",)

    def __str__(self) -> str:
        return f"{self.device} {self.network}".strip()
