"""The shared catalogue: venues, their instruments, the newest quote of each."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, PercentField


def _words(label: Any) -> ArrayField[Any, Any]:
    return ArrayField(models.CharField(max_length=24), verbose_name=label, default=list)


class Venue(models.Model):
    """An exchange as this platform knows it; ``adapter`` names the gateway that speaks to it.

    All but the operator's ``enabled`` and ``needs_approval`` follows the catalogue
    (:mod:`trading.venues.catalogue`), which explains the words. ``proven``: the venue has a
    dialect of its own; others go through unified ccxt calls.
    """

    class Demo(models.TextChoices):
        NONE = "", _("None")
        DEMO = "demo", _("Practice accounts")
        TESTNET = "testnet", _("Test network")

    code = models.CharField(_("code"), max_length=24, primary_key=True)
    name = models.CharField(_("name"), max_length=80)
    adapter = models.CharField(_("adapter"), max_length=24)
    tier = models.PositiveSmallIntegerField(_("tier"), default=1)
    enabled = models.BooleanField(_("enabled"), default=True)
    needs_approval = models.BooleanField(_("accounts need approval"), default=False)
    proven = models.BooleanField(_("own dialect"), default=False)
    markets = _words(_("markets"))
    credentials = _words(_("credentials"))
    demo = models.CharField(_("demo network"), max_length=8, choices=Demo, blank=True)
    position_modes = _words(_("position modes"))
    capabilities = _words(_("capabilities"))
    rate_limit_ms = models.PositiveIntegerField(_("time between requests, ms"), default=0)
    docs_url = models.CharField(_("documentation"), max_length=200, blank=True)
    ccxt_version = models.CharField(_("ccxt"), max_length=16, blank=True)

    class Meta:
        verbose_name = _("venue")
        verbose_name_plural = _("venues")
        ordering = ("tier", "name")

    def __str__(self) -> str:
        return self.name


class Instrument(models.Model):
    """One market of a venue with its trading rules. ``symbol`` is ours: base then quote."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="instruments")
    symbol = models.CharField(_("symbol"), max_length=32)
    venue_symbol = models.CharField(_("venue's symbol"), max_length=64)
    base = models.CharField(_("base"), max_length=16)
    quote = models.CharField(_("quote currency"), max_length=16)
    price_tick = AmountField(_("price tick"))
    quantity_step = AmountField(_("quantity step"))
    min_quantity = AmountField(_("smallest quantity"))
    max_quantity = AmountField(_("largest quantity"))
    min_notional = AmountField(_("smallest notional"))
    max_leverage = models.PositiveSmallIntegerField(_("highest leverage"))
    trading = models.BooleanField(_("trading"), default=True)
    volatility_pct = PercentField(_("daily volatility, %"), null=True, blank=True)
    volatility_due_at = models.DateTimeField(_("volatility due"), null=True, editable=False)
    refreshed_at = models.DateTimeField(_("refreshed"))

    class Meta:
        verbose_name = _("instrument")
        verbose_name_plural = _("instruments")
        ordering = ("venue", "symbol")
        constraints = [
            models.UniqueConstraint(fields=["venue", "symbol"], name="instrument_symbol_per_venue")
        ]

    def __str__(self) -> str:
        return f"{self.symbol} ({self.venue_id})"


class InstrumentQuote(models.Model):
    """The newest bid, ask and mark of an instrument, written by the stream process.

    Of instruments that are followed also what stands in the book close to the best price, in base
    units (:mod:`trading.domain.depth`); it is read on its own, so it has its own time.
    """

    instrument = models.OneToOneField(
        Instrument, on_delete=models.CASCADE, primary_key=True, related_name="price"
    )
    bid = AmountField(_("bid"))
    ask = AmountField(_("ask"))
    mark = AmountField(_("mark"))
    at = models.DateTimeField(_("taken"))
    bid_depth = AmountField(_("bid for close by"), null=True)
    ask_depth = AmountField(_("on offer close by"), null=True)
    book_at = models.DateTimeField(_("book taken"), null=True)

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")

    def __str__(self) -> str:
        return f"{self.instrument_id}: {self.mark}"
