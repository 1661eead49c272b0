"""What an account's wallet held when it was last explained, and what moved it apart from trades."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, HotModel
from trading.domain.ports import MoneyKind
from trading.models.accounts import ExchangeAccount

_KINDS = {
    MoneyKind.TRANSFER: _("Transfer"),
    MoneyKind.FUNDING: _("Funding"),
    MoneyKind.OTHER: _("Other"),
}


class MoneyMovement(HotModel):
    """An entry of the venue's own account of a wallet; profits and fees of trades are none.

    Booked once per venue id. ``amount`` is signed; ``symbol`` is empty where it concerns the whole
    account.
    """

    account = models.ForeignKey(
        ExchangeAccount, on_delete=models.PROTECT, related_name="movements", db_index=False
    )
    venue_id = models.CharField(_("venue's entry"), max_length=80)
    kind = models.CharField(_("kind"), max_length=8, choices=[(k.value, _KINDS[k]) for k in _KINDS])
    amount = AmountField(_("amount"))
    currency = models.CharField(_("currency"), max_length=16)
    symbol = models.CharField(_("symbol"), max_length=32, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("money movement")
        verbose_name_plural = _("money movements")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["account", "venue_id"], name="movement_once")
        ]
        indexes = [models.Index(fields=["account", "-id"], name="movement_account_recent")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount.normalize():f} {self.currency}"


class WalletMark(models.Model):
    """A wallet that was explained, as of ``at``: what it holds later is this and what was booked
    since, which is what has larger ids than these, and ``realised`` of all positions.

    ``doubted_at``: since when it holds something else; ``asked_at``: when the venue was last asked
    why.
    """

    account = models.OneToOneField(
        ExchangeAccount, on_delete=models.CASCADE, primary_key=True, related_name="wallet_mark"
    )
    currency = models.CharField(_("currency"), max_length=16)
    wallet = AmountField(_("wallet"))
    realised = AmountField(_("realised"))
    fill_id = models.BigIntegerField()
    external_id = models.BigIntegerField()
    movement_id = models.BigIntegerField()
    at = models.DateTimeField(_("explained"))
    doubted_at = models.DateTimeField(_("unexplained since"), null=True)
    asked_at = models.DateTimeField(_("asked"), null=True)

    class Meta:
        verbose_name = _("wallet")
        verbose_name_plural = _("wallets")

    def __str__(self) -> str:
        return f"{self.wallet.normalize():f} {self.currency}"
