"""Rows of other tables under another heading of the console; no tables of their own."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from trading.models.accounts import ExchangeAccount
from trading.models.venues import Venue


class _TradedAt(models.Manager["VenueHealth"]):
    def get_queryset(self) -> QuerySet[VenueHealth]:
        accounts = ExchangeAccount.objects.filter(route=OuterRef("code"))
        return super().get_queryset().filter(Exists(accounts))


class _OnTheWire(models.Manager["AccountEgress"]):
    def get_queryset(self) -> QuerySet[AccountEgress]:
        return super().get_queryset().exclude(kind=ExchangeAccount.Kind.PAPER)


class VenueHealth(Venue):
    """A venue that somebody trades at, with what Redis knows of it: breakers, holds, budgets."""

    objects: ClassVar[_TradedAt] = _TradedAt()

    class Meta:
        proxy = True
        verbose_name = _("venue health")
        verbose_name_plural = _("venue health")


class AccountEgress(ExchangeAccount):
    """An account with the way out that its requests take; paper sends none."""

    objects: ClassVar[_OnTheWire] = _OnTheWire()

    class Meta:
        proxy = True
        verbose_name = _("account's way out")
        verbose_name_plural = _("accounts' ways out")
