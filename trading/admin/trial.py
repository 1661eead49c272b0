"""The console's test signal: a strategy's followers asked what they would do, and none does it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.display import show_label, show_price
from mimic.core.errors import Forbidden
from signals.ingest.tradingview.alert import canonical_symbol
from signals.models import Action, Direction, Signal, Strategy
from trading.copying.dry_run import DryRun, Tried, try_signal
from trading.market.selectors import is_traded
from trading.models import CopySubscription, ExecutionOutcome

if TYPE_CHECKING:
    from trading.admin.strategies import TriedStrategyAdmin

LINES_SHOWN = 200
TONES = {"planned": "up", "pending": "info", "skipped": "warn"}
DIRECTIONS = [(each.value, each.label) for each in (Direction.LONG, Direction.SHORT)]


_FIGURE = {"inputmode": "decimal"}


class TrialForm(forms.Form):
    """What an alert would say; the strategy's defaults are filled in."""

    symbol = forms.CharField(label=_("Symbol"), max_length=40)
    action = forms.ChoiceField(label=_("Action"), choices=Action.choices, initial=Action.OPEN)
    direction = forms.ChoiceField(label=_("Direction"), choices=DIRECTIONS)
    leverage = forms.IntegerField(
        label=_("Leverage"), min_value=1, max_value=125, widget=forms.TextInput(attrs=_FIGURE)
    )
    stop_loss_pct = forms.DecimalField(
        label=_("Stop loss, %"), min_value=Decimal("0.01"), max_value=100, decimal_places=4,
        required=False, widget=forms.TextInput(attrs=_FIGURE),
    )  # fmt: skip

    def clean_symbol(self) -> str:
        symbol = canonical_symbol(self.cleaned_data["symbol"])
        if symbol is None or not is_traded(symbol):
            raise forms.ValidationError(gettext("No venue trades it. Write it like BTCUSDT."))
        return symbol

    def signal(self, strategy: Strategy, now: datetime) -> Signal:
        """As an alert of this moment at the market's price; not saved."""
        return Signal(
            strategy=strategy, received_at=now, risk_pct=strategy.default_risk_pct,
            comment="test", **self.cleaned_data,
        )  # fmt: skip


class Line(NamedTuple):
    """A follower as the table shows them."""

    copy: CopySubscription
    outcome: str
    code: str
    quantity: str
    leverage: int | None
    why: str


def trial(admin: TriedStrategyAdmin, request: HttpRequest, pk: int) -> HttpResponse:
    """The form; after a POST what would come of it. The console's log keeps who tried what."""
    if not admin.has_operate_permission(request):
        raise Forbidden
    strategy = Strategy.objects.filter(pk=pk).first()
    if strategy is None:
        raise Http404
    posted = request.POST if request.method == "POST" else None
    form = TrialForm(posted, initial=_usual(strategy))
    context = {
        **admin.admin_site.each_context(request),
        "title": gettext("Test signal for %(name)s") % {"name": strategy.name},
        "opts": admin.opts,
        "form": form,
        "back": reverse("admin:signals_strategy_change", args=[pk]),
    }
    if form.is_valid():
        now = timezone.now()
        signal = form.signal(strategy, now)
        run = try_signal(signal=signal, now=now)
        admin.log_change(request, strategy, f"Test signal, nothing ordered: {signal}")
        context |= {"run": run, "signal": signal, "lines": _lines(run), "shown": LINES_SHOWN}
    return TemplateResponse(request, "admin/test_signal.html", context)


def _usual(strategy: Strategy) -> dict[str, Any]:
    """What the strategy says by default, about what it traded last."""
    last = Signal.objects.filter(strategy=strategy).order_by("-pk").first()
    return {
        "symbol": last.symbol if last else "BTCUSDT",
        "leverage": strategy.default_leverage,
        "stop_loss_pct": strategy.default_stop_loss_pct,
    }


def _lines(run: DryRun) -> list[Line]:
    shown = run.tried[:LINES_SHOWN]
    copies = CopySubscription.objects.select_related("user", "account").in_bulk(
        [each.subscription_id for each in shown]
    )
    return [_line(each, copies[each.subscription_id]) for each in shown]


def _line(tried: Tried, copy: CopySubscription) -> Line:
    told = tried.told
    label = show_label(str(ExecutionOutcome(told.outcome).label), TONES[told.outcome])
    return Line(copy, label, told.code, show_price(told.quantity), told.leverage, told.why)
