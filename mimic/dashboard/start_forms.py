"""The one form of beginning to copy: where, how, how much, and the disclosure if it is due."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.selectors import ConsentState
from trading.domain.sizing import SizingMode
from trading.models import CopyMode, ExchangeAccount

WAYS = (
    (CopyMode.AUTO.value, _("By itself: each signal that your limits allow is ordered at once")),
    (CopyMode.APPROVAL.value, _("Ask me: a signal waits a minute for your yes")),
    (CopyMode.NOTIFY.value, _("Only show me: nothing is ordered")),
)
_MONEY = {
    ExchangeAccount.Kind.PAPER.value: _("play money"),
    ExchangeAccount.Kind.DEMO.value: _("the exchange's practice money"),
    ExchangeAccount.Kind.LIVE.value: _("real money"),
}
_SIZES = {
    SizingMode.RISK_PCT.value: _("Risk of one trade, % of its share"),
    SizingMode.EQUITY_PCT.value: _("Margin of one trade, % of its share"),
}


def _percent(label: Any) -> forms.DecimalField:
    attrs = {"step": "any", "inputmode": "decimal", "autocomplete": "off"}
    return forms.DecimalField(
        label=label,
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        widget=forms.NumberInput(attrs=attrs),
    )


class StartForm(forms.Form):
    """``defaults`` are those of the copying service; ``disclosure`` is due when it is given."""

    account = forms.ChoiceField(label=_("Account"))
    mode = forms.ChoiceField(
        label=_("How"), choices=WAYS, initial=CopyMode.AUTO.value, widget=forms.RadioSelect
    )

    def __init__(
        self, accounts: Sequence[ExchangeAccount], defaults: dict[str, Any],
        disclosure: ConsentState | None, data: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(data)
        self.accounts = {str(row.public_id): row for row in accounts}
        choices = [(key, f"{row.label} · {_MONEY[row.kind]}") for key, row in self.accounts.items()]
        self.fields["account"].choices = choices  # type: ignore[attr-defined]
        for name, label in (
            ("sizing_value", _SIZES[defaults["sizing_mode"]]),
            ("allocation_pct", _("Share of the account, %")),
        ):
            self.fields[name] = _percent(label)
            self.fields[name].initial = f"{defaults[name].normalize():f}"
        if disclosure is not None:
            self.fields["version"] = forms.IntegerField(
                min_value=1, max_value=32_767, widget=forms.HiddenInput,
                initial=disclosure.text.version,
            )  # fmt: skip
            self.fields["agree"] = forms.BooleanField(
                label=_("I have read it and agree"),
                error_messages={"required": _("Nothing is copied without it.")},
            )

    def chosen(self) -> ExchangeAccount:
        return self.accounts[self.cleaned_data["account"]]

    def values(self) -> dict[str, Decimal]:
        return {name: self.cleaned_data[name] for name in ("sizing_value", "allocation_pct")}
