"""Who is who at Telegram, and what it said already."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class TelegramAccount(models.Model):
    """One Telegram account signs one person in."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="telegram"
    )
    telegram_id = models.BigIntegerField(unique=True)
    name = models.CharField(_("name"), max_length=128, blank=True)
    username = models.CharField(_("user name"), max_length=64, blank=True)
    linked_at = models.DateTimeField(_("linked"))

    class Meta:
        verbose_name = _("Telegram account")
        verbose_name_plural = _("Telegram accounts")

    def __str__(self) -> str:
        return f"@{self.username}" if self.username else self.name or str(self.telegram_id)


class TelegramUsed(models.Model):
    """The seal of a payload that opened something; kept for as long as it would be fresh."""

    seal = models.BinaryField(unique=True)
    until = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "telegram_used"

    def __str__(self) -> str:
        return bytes(self.seal).hex()[:12]
