"""Forms about master accounts; who may do what is decided by the commands."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from signals.models import Strategy
from trading.copying.masters.connecting import USUAL, Rules
from trading.copying.masters.selectors import fit_accounts, silent_strategies
from trading.models import ExchangeAccount, MasterAccount, MasterMove, MoveState

_BETWEEN = re.compile(r"[\s,;]+")
_QUIET = {"autocomplete": "off", "spellcheck": "false"}
_SYMBOLS = {**_QUIET, "autocapitalize": "characters"}


class RulesForm(forms.Form):
    """What is not mirrored. ``rules()`` of a valid form."""

    ignored_symbols = forms.CharField(
        label=_("Symbols that are not mirrored"),
        required=False,
        max_length=10_000,
        help_text=_("Like DOGEUSDT, separated by commas. What is open there is still closed."),
        widget=forms.TextInput(attrs=_SYMBOLS),
    )
    no_copy_prefix = forms.CharField(
        label=_("Orders that are not mirrored begin with"),
        min_length=2,
        max_length=16,
        help_text=_("The order's own id (client id), as your program gives it to the exchange."),
        widget=forms.TextInput(attrs=_QUIET),
    )

    @staticmethod
    def initial_of(master: MasterAccount) -> dict[str, str]:
        return {
            "ignored_symbols": ", ".join(master.ignored_symbols),
            "no_copy_prefix": master.no_copy_prefix,
        }

    def rules(self) -> Rules:
        words = _BETWEEN.split(self.cleaned_data["ignored_symbols"])
        return Rules([each for each in words if each], self.cleaned_data["no_copy_prefix"])


class _Accounts(forms.ModelChoiceField):  # type: ignore[type-arg]  # no generic when it runs
    def label_from_instance(self, obj: ExchangeAccount) -> str:
        return f"{obj.label} · {obj.venue.name}"


class ConnectMasterForm(RulesForm):
    """Which of one's accounts shall speak for which of one's strategies, by public ids."""

    strategy: forms.ModelChoiceField[Strategy] = forms.ModelChoiceField(
        label=_("Strategy"), queryset=None, to_field_name="public_id", empty_label=None
    )
    account = _Accounts(
        label=_("Exchange account"), queryset=None, to_field_name="public_id", empty_label=None
    )
    field_order = ("strategy", "account", "ignored_symbols", "no_copy_prefix")

    def __init__(self, user_id: int, data: Any = None) -> None:
        super().__init__(data, initial={"no_copy_prefix": USUAL.no_copy_prefix})
        for name, rows in (
            ("strategy", silent_strategies(user_id)), ("account", fit_accounts(user_id)),
        ):  # fmt: skip
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows


class MoveFilter(forms.Form):
    """``?state=`` and ``?symbol=``; what makes no sense filters nothing."""

    state = forms.ChoiceField(
        label=_("What became of it"), required=False, choices=[("", _("All")), *MoveState.choices]
    )
    symbol = forms.CharField(
        label=_("Symbol"),
        required=False,
        max_length=32,
        widget=forms.TextInput({**_SYMBOLS, "placeholder": "BTCUSDT"}),
    )

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data, auto_id="by_%s")
        self.is_valid()

    def narrow(self, moves: QuerySet[MasterMove]) -> QuerySet[MasterMove]:
        asked = {name: it for name, it in self.cleaned_data.items() if it}
        if "symbol" in asked:
            asked["symbol"] = str(asked["symbol"]).strip().upper().replace("\0", "")
        return moves.filter(**asked)

    @property
    def narrowed(self) -> bool:
        return any(self.cleaned_data.values())
