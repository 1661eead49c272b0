"""Networks that are kept out, and those that nothing keeps out."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from mimic.core.network import Address

WIDEST: Final = {4: 8, 6: 16}
"""Prefix length by version: what is wider is a slip of the hand."""


class AddressRule(models.Model):
    """Of a CIDR network. What is allowed is kept out by no rule; ``until`` empty is for good.

    ``automatic``: made by :func:`accounts.services.addresses.note_refusals`.
    """

    class Kind(models.TextChoices):
        BLOCK = "block", _("keep out")
        ALLOW = "allow", _("never keep out")

    network = models.CharField(_("network"), max_length=43, help_text="203.0.113.0/24")
    kind = models.CharField(_("rule"), max_length=8, choices=Kind)
    reason = models.CharField(_("reason"), max_length=200)
    until = models.DateTimeField(_("until"), null=True, blank=True)
    automatic = models.BooleanField(_("automatic"), default=False, editable=False)
    created_at = models.DateTimeField(_("made"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("rule of addresses")
        verbose_name_plural = _("rules of addresses")
        ordering = ("-pk",)
        indexes = [models.Index(fields=["network", "created_at"], name="address_rule_network")]

    def __str__(self) -> str:
        return f"{self.network}: {self.get_kind_display()}"

    def covers(self, address: Address | None) -> bool:
        return address is not None and address in ip_network(self.network)

    def clean_fields(self, exclude: Any = None) -> None:
        super().clean_fields(exclude)
        try:
            network = ip_network(self.network.strip())
        except ValueError:
            told = _("An address or a network without host bits, such as 203.0.113.0/24.")
            raise ValidationError({"network": told}) from None
        if network.prefixlen < WIDEST[network.version]:
            raise ValidationError({"network": _("That is too much of the internet.")})
        self.network = str(network)
