"""What an operator fills in to set, change or lift a kill switch."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import ConfirmForm
from signals.models import Strategy
from trading.models import CopySubscription, ExchangeAccount, KillEffect, KillScope, Venue

LIFT = "lift"


def _picker(name: str) -> AutocompleteSelect:
    """Choose among many rows by typing; the console's own search answers."""
    field = CopySubscription._meta.get_field(name)
    return AutocompleteSelect(field, admin.site, attrs={"data-width": "100%"})


class ReachForm(forms.Form):
    """Scope, its target and the effect. Sent by GET: a preview changes nothing.

    ``cleaned_data["target"]`` is what the commands call target; fields of other scopes are ignored.
    """

    scope = forms.ChoiceField(label=_("Scope"), choices=KillScope.choices)
    venue = forms.ModelChoiceField(Venue.objects.order_by("name"), label=_("Venue"), required=False)
    strategy = forms.ModelChoiceField(
        Strategy.objects.all(), label=_("Strategy"), required=False, widget=_picker("strategy")
    )
    symbol = forms.CharField(
        label=_("Symbol"), max_length=32, required=False,
        widget=forms.TextInput(attrs={"placeholder": "BTCUSDT", "autocapitalize": "characters"}),
    )  # fmt: skip
    account = forms.ModelChoiceField(
        ExchangeAccount.objects.all(), label=_("Account"), required=False, widget=_picker("account")
    )
    effect = forms.ChoiceField(label=_("Effect"), choices=KillEffect.choices)

    def clean_symbol(self) -> str:
        return str(self.cleaned_data["symbol"]).strip().upper()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        scope = cleaned.get("scope")
        if scope is None or scope == KillScope.PLATFORM:
            return cleaned | {"target": ""}
        chosen = cleaned.get(scope)
        if not chosen and scope not in self.errors:
            self.add_error(scope, gettext("Choose what the switch is to reach."))
        return cleaned | {"target": str(getattr(chosen, "pk", chosen))}


class ChangeForm(ConfirmForm):
    """Another effect for a switch in force, or its end; with a reason and a fresh code."""

    effect = forms.ChoiceField(label=_("From now on"))
    field_order = ("effect", "reason", "code")

    def __init__(self, request: HttpRequest, present: str) -> None:
        super().__init__(request)
        others = [choice for choice in KillEffect.choices if choice[0] != present]
        field = self.fields["effect"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(LIFT, _("Lift the switch")), *others]
