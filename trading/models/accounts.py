"""Traders' accounts at venues, and what may still be risked on each."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from mimic.core.fields import AmountField, HotModel, PublicModel
from trading.models.egress import Egress
from trading.models.venues import Venue


class AccountState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    CHECKING = "checking", _("Checking")
    PENDING_APPROVAL = "pending_approval", _("Pending approval")
    ACTIVE = "active", _("Active")
    REJECTED = "rejected", _("Rejected")
    DISABLED = "disabled", _("Disabled")
    FAILING = "failing", _("Failing")


class ExchangeAccount(PublicModel):
    """A trader's connection to a venue.

    ``route`` says which gateway sends its orders (a venue's code, or ``paper``) and is what
    sending is partitioned by. ``sealed_keys`` can be opened by the signer alone.
    """

    class Kind(models.TextChoices):
        LIVE = "live", _("Live")
        DEMO = "demo", _("Demo")
        PAPER = "paper", _("Paper")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="exchange_accounts"
    )
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="accounts")
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    route = models.CharField(_("route"), max_length=24)
    label = models.CharField(_("label"), max_length=60)
    currency = models.CharField(_("currency"), max_length=16, default="USDT")
    paper_deposit = AmountField(_("paper deposit"), default=Decimal(10_000))
    state = models.CharField(
        _("state"),
        max_length=20,
        choices=AccountState,
        default=AccountState.DRAFT,
        editable=False,
    )
    state_reason = models.CharField(_("reason"), max_length=200, blank=True)
    egress = models.ForeignKey(
        Egress,
        verbose_name=_("way out"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="accounts",
    )
    hedge = models.BooleanField(_("hedge mode"), default=False, editable=False)
    sealed_keys = models.BinaryField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("exchange account")
        verbose_name_plural = _("exchange accounts")
        constraints = [
            models.UniqueConstraint(fields=["user", "label"], name="account_label_per_person"),
            models.CheckConstraint(
                condition=Q(state__in=AccountState.values), name="account_state_known"
            ),
            models.CheckConstraint(
                condition=Q(kind="paper", route="paper") | (~Q(kind="paper") & ~Q(route="paper")),
                name="account_paper_routes_to_paper",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.venue_id})"


class AccountBudget(models.Model):
    """The account's newest snapshot, its day, and what in-flight opens have reserved against it.

    Money is in the account's currency. Opens reserve under this row's lock and release when
    their order ends; locks are taken in account order. ``margin_cap`` is what the snapshot
    had free, so the database itself refuses a double reservation. ``day`` is the person's own
    date; ``day_equity`` what the account was worth when it began, ``opens_today`` opens decided.
    """

    account = models.OneToOneField(
        ExchangeAccount, on_delete=models.CASCADE, primary_key=True, related_name="budget"
    )
    equity = AmountField(_("equity"), default=Decimal(0))
    margin_cap = AmountField(_("free margin"), default=Decimal(0))
    margin_reserved = AmountField(_("reserved margin"), default=Decimal(0))
    opens_reserved = models.PositiveSmallIntegerField(_("opens in flight"), default=0)
    snapshot_at = models.DateTimeField(_("snapshot"), null=True)
    day = models.DateField(_("day"), null=True)
    day_equity = AmountField(_("equity when the day began"), default=Decimal(0))
    opens_today = models.PositiveIntegerField(_("opens today"), default=0)

    class Meta:
        verbose_name = _("account budget")
        verbose_name_plural = _("account budgets")
        constraints = [
            models.CheckConstraint(
                condition=Q(margin_reserved__gte=0) & Q(margin_reserved__lte=F("margin_cap")),
                name="budget_reserved_within_cap",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.equity}"


class EquityPoint(HotModel):
    """Equity of an account at a moment; the equity curve is made of these."""

    account = models.ForeignKey(ExchangeAccount, on_delete=models.CASCADE, related_name="+")
    equity = AmountField(_("equity"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("equity point")
        verbose_name_plural = _("equity points")
        indexes = [models.Index(fields=["account", "at"], name="equity_account_at")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.at:%F %T}: {self.equity}"


DAY_BEGINS = (
    "day = c.today, opens_today = CASE WHEN b.day = c.today THEN b.opens_today ELSE 0 END, "
    "day_equity = CASE WHEN b.day = c.today THEN b.day_equity "
    "WHEN b.equity > 0 THEN b.equity ELSE c.equity END"
)
"""With a snapshot ``c`` of budget ``b`` on the person's date ``today``: a new day begins with what
the account was worth last."""
