"""Which database this is, so that another one (restored, or a promoted standby) is noticed."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import HotModel


class Recovery(HotModel):
    """A database as it was first seen; the newest row is the one in use.

    ``incarnation`` tells it from every other one. ``begun_at``: what venues did in the moments
    before is not known, so accounts that are older open nothing until they were compared after it;
    None for the first database of an installation. ``asked``: by an operator.
    """

    incarnation = models.CharField(_("database"), max_length=80)
    begun_at = models.DateTimeField(_("begun"), null=True)
    seen_at = models.DateTimeField(_("seen first"))
    asked = models.BooleanField(_("begun by an operator"), default=False)

    class Meta:
        verbose_name = _("recovery")
        verbose_name_plural = _("recoveries")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.incarnation
