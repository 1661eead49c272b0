"""The form of a copy's settings: how much, at what leverage, of what, and its limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.forms.models import fields_for_model
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from trading.copying.limits_selectors import Limit
from trading.copying.settings import AllocationExceeded, SettingsInvalid
from trading.copying.wording import source_name
from trading.models import CopySettings, LeverageMode
from trading.models.copying import SIZING_LABELS

LIMITS = (
    "max_position_pct", "max_exposure_pct", "max_risk_pct", "max_leverage", "max_open",
    "max_opens_a_day", "daily_loss_block_pct", "max_deviation_pct", "max_spread_pct",
)  # fmt: skip
_WHOLE = frozenset({"max_leverage", "max_open", "max_opens_a_day"})


def _number(label: Any, help_text: Any = "", *, required: bool = True) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, help_text=help_text, required=required, min_value=0, max_digits=18
    )


class SymbolsField(forms.CharField):
    """``BTCUSDT, ETHUSDT`` as a list in capital letters."""

    def to_python(self, value: Any) -> Any:
        words = str(value or "").replace(",", " ").upper().split()
        if any(not (word.isascii() and word.isalnum() and len(word) <= 32) for word in words):
            raise forms.ValidationError(gettext("Write symbols like BTCUSDT, with commas between."))
        return words

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class CopySettingsForm(forms.Form):
    """Fields carry the names of :data:`trading.copying.settings.FIELDS`."""

    sizing_mode = forms.ChoiceField(
        label=_("How much"), choices=[(mode.value, label) for mode, label in SIZING_LABELS.items()]
    )
    sizing_value = _number(
        _("Value"),
        _("Percent for risk, equity and risk budget; money, a quantity or a factor for the rest."),
    )
    risk_multiplier = _number(_("Multiplier"), _("1 leaves the size as it is."))
    allocation_pct = _number(_("Share of the account, %"))
    leverage_mode = forms.ChoiceField(label=_("Leverage"), choices=LeverageMode.choices)
    fixed_leverage = forms.IntegerField(
        label=_("Fixed leverage"), required=False, min_value=1, max_value=125
    )
    allowed_symbols = SymbolsField(
        label=_("Only these symbols"), required=False, help_text=_("Empty copies every symbol.")
    )
    blocked_symbols = SymbolsField(label=_("Never these symbols"), required=False)
    over_allocate = forms.BooleanField(
        label=_("I mean it: give this copy more than is left of the account"), required=False
    )

    def __init__(
        self, data: Any, *, settings: CopySettings, limits: Sequence[Limit], left: Any
    ) -> None:
        names = [*CopySettingsForm.base_fields, *LIMITS]
        start = {name: _plain(getattr(settings, name, None)) for name in names}
        super().__init__(data, initial=start)
        self.fields["allocation_pct"].help_text = gettext("%(left)s %% is left.") % {"left": left}
        for limit in limits:
            if limit.name in LIMITS:
                self.fields[limit.name] = self._limit(limit)
        self._meant = self.fields.pop("over_allocate")  # asked for once it matters
        if self.is_bound and "over_allocate" in self.data:
            self.fields["over_allocate"] = self._meant

    def _limit(self, limit: Limit) -> forms.Field:
        """Empty leaves it to wider limits; beside it stands what holds now, and who set it."""
        label = fields_for_model(CopySettings, [limit.name])[limit.name].label
        told = {"value": _plain(limit.value), "source": source_name(limit.source.value)}
        help_text = gettext("Now %(value)s (%(source)s).") % told
        if limit.name in _WHOLE:
            return forms.IntegerField(
                label=label, help_text=help_text, required=False, min_value=0, max_value=32_767
            )
        return _number(label, help_text, required=False)

    def values(self) -> Mapping[str, Any]:
        """What the person asked for, by field of the settings."""
        return {name: value for name, value in self.cleaned_data.items() if name != "over_allocate"}

    def refuse(self, refusal: SettingsInvalid | AllocationExceeded) -> None:
        """Say at its field what the command refused."""
        if isinstance(refusal, AllocationExceeded):
            self.fields["over_allocate"] = self._meant
            self.add_error("allocation_pct", f"{gettext(refusal.title)}: {refusal.detail}")
            return
        for problem in refusal.errors:
            name = problem["pointer"].lstrip("/")
            self.add_error(name if name in self.fields else None, gettext("Check this field."))


def _plain(value: Any) -> Any:
    """A decimal without trailing zeros; all else as it is."""
    return f"{value.normalize():f}" if hasattr(value, "normalize") else value
