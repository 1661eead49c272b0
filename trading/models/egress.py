"""Ways out: proxies through which accounts reach their venues, each with an address of its own."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import PublicModel


class Egress(PublicModel):
    """A proxy. Its URL with user and password can be opened by the signer alone.

    An account keeps to its own; when that fails before a request has left, it goes through the
    other enabled ones of the same ``pool``, so people bind their keys to all addresses of a pool.
    The last test's figures are null before the first.
    """

    name = models.CharField(
        _("name"),
        max_length=40,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9-]+$", _("Letters, digits and hyphens only."))],
    )
    pool = models.SlugField(_("pool"), max_length=40, default="main")
    host = models.CharField(_("host and port"), max_length=262)
    sealed_url = models.BinaryField(editable=False)
    enabled = models.BooleanField(_("enabled"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    tested_at = models.DateTimeField(_("tested"), null=True, editable=False)
    test_ms = models.PositiveIntegerField(_("took, ms"), null=True, editable=False)
    test_problem = models.CharField(_("problem"), max_length=120, blank=True, editable=False)

    class Meta:
        verbose_name = _("way out")
        verbose_name_plural = _("ways out")
        ordering = ("pool", "position", "name")

    def __str__(self) -> str:
        return f"{self.name} ({self.host})"

    @property
    def budget_name(self) -> str:
        """What its budgets are counted by; never the name of a machine's own address."""
        return f"proxy:{self.name}"
