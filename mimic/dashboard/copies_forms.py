"""The form of one copy's settings; what it may hold is decided by the command."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.core.errors import MimicError
from signals.ingest.tradingview.alert import canonical_symbol
from trading.copying.settings import FIELDS
from trading.copying.settings_wording import LIMITS, MODES, NAMES, Words
from trading.domain.receipts import plain
from trading.models import CopySettings, LeverageMode

_BETWEEN = re.compile(r"[\s,;]+")
_LEVERAGE = re.compile(r"(\S+?)(?:\s*=\s*|\s+)(\d{1,3})\s*[x×]?", re.IGNORECASE)
_QUIET = {"autocomplete": "off", "spellcheck": "false"}
WHOLE = ("max_leverage", "max_open", "max_opens_a_day", "max_age")


def _number(name: str, *, required: bool = True) -> forms.DecimalField:
    attrs = {**_QUIET, "step": "any", "inputmode": "decimal"}
    return forms.DecimalField(
        label=NAMES[name].label, required=required, widget=forms.NumberInput(attrs=attrs)
    )


def _whole(name: str) -> forms.IntegerField:
    attrs = {**_QUIET, "step": "1", "inputmode": "numeric"}
    return forms.IntegerField(
        label=NAMES[name].label, required=False, widget=forms.NumberInput(attrs=attrs)
    )


def _text(name: str, help_text: Words) -> forms.CharField:
    attrs = {**_QUIET, "rows": 2, "autocapitalize": "characters"}
    return forms.CharField(
        label=NAMES[name].label,
        required=False,
        max_length=20_000,
        help_text=help_text,
        widget=forms.Textarea(attrs=attrs),
    )


def _symbols(text: str) -> list[str]:
    """``btc/usdt, ETHUSDT`` as the symbols they mean, each once."""
    found = [(word, canonical_symbol(word)) for word in _BETWEEN.split(text) if word]
    wrong = [word for word, symbol in found if symbol is None]
    if wrong:
        raise forms.ValidationError(
            gettext("Not like BTCUSDT: %(words)s.") % {"words": ", ".join(wrong)[:200]}
        )
    return list(dict.fromkeys(symbol for _word, symbol in found if symbol))


class SettingsForm(forms.Form):
    """The fields of :data:`trading.copying.settings.FIELDS`, filled in from ``current``.

    ``version`` is the one that the person looked at; ``over_allocate`` their yes to more than all.
    """

    sizing_mode = forms.ChoiceField(
        label=NAMES["sizing_mode"].label, choices=[(it.value, it.label) for it in MODES]
    )
    sizing_value = _number("sizing_value")
    risk_multiplier = _number("risk_multiplier")
    allocation_pct = _number("allocation_pct")
    leverage_mode = forms.ChoiceField(
        label=NAMES["leverage_mode"].label, choices=LeverageMode.choices
    )
    fixed_leverage = _whole("fixed_leverage")
    symbol_leverage = _text("symbol_leverage", _("One a line: BTCUSDT 10"))
    allowed_symbols = _text("allowed_symbols", _("Empty copies all of them."))
    blocked_symbols = _text("blocked_symbols", _("Goes before the list above."))
    version = forms.IntegerField(widget=forms.HiddenInput)
    over_allocate = forms.BooleanField(
        label=_("Yes, give this account's copies more than the whole of it"), required=False
    )

    def __init__(self, current: CopySettings, data: Any = None) -> None:
        super().__init__(data, initial=_initial(current))
        self.current = current
        for name in LIMITS:
            made = _whole(name) if name in WHOLE else _number(name, required=False)
            self.fields[name] = made

    def clean_allowed_symbols(self) -> list[str]:
        return _symbols(self.cleaned_data["allowed_symbols"])

    def clean_blocked_symbols(self) -> list[str]:
        return _symbols(self.cleaned_data["blocked_symbols"])

    def clean_symbol_leverage(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in re.split(r"[\n,;]+", self.cleaned_data["symbol_leverage"]):
            if not line.strip():
                continue
            match = _LEVERAGE.fullmatch(line.strip())
            symbol = canonical_symbol(match[1]) if match else None
            if match is None or symbol is None:
                said = gettext("Not like BTCUSDT 10: %(words)s.") % {"words": line.strip()[:60]}
                raise forms.ValidationError(said)
            found[symbol] = int(match[2])
        return found

    def changes(self) -> dict[str, Any]:
        """What differs from the version in force. The form is valid."""
        given = {name: self.cleaned_data[name] for name in FIELDS}
        return {name: it for name, it in given.items() if it != getattr(self.current, name)}

    def refuse(self, refusal: MimicError) -> None:
        """Each problem at its field."""
        for problem in refusal.errors:
            name = problem["pointer"].lstrip("/")
            self.add_error(name if name in self.fields else None, problem["detail"])


def _initial(current: CopySettings) -> dict[str, Any]:
    values = {name: getattr(current, name) for name in FIELDS}
    told = {name: _written(value) for name, value in values.items()}
    return {**told, "version": current.version}


def _written(value: Any) -> Any:
    """A value as a person would type it into its field."""
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return "\n".join(f"{symbol} {times}" for symbol, times in value.items())
    if value is None or isinstance(value, str | int):
        return value
    return plain(value)
