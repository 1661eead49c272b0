"""The form of a person's own settings: name, language, zone, currency, looks."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Theme, User
from accounts.models.user import Locale
from accounts.services.preferences import Preferences

FIELDS = (
    "display_name", "locale", "time_zone", "base_currency", "theme", "colour_blind", "red_is_up",
)  # fmt: skip
CURRENCIES = ("USDT", "USDC", "USD", "EUR", "GBP", "UAH", "BTC", "ETH")
# The database also holds aliases ("Japan", "US/Eastern") and offsets with their sign reversed
# ("Etc/GMT-3" is UTC+3): they are kept where a person has one and offered to nobody.
REGIONS = (
    "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian",
    "Pacific",
)  # fmt: skip
Zones = list[tuple[str, list[tuple[str, str]]]]


def _previewing(look: str, off: str, on: str) -> forms.CheckboxInput:
    """A box that shows at once what it would do (``page.js``); the form keeps it or not."""
    return forms.CheckboxInput(attrs={"data-previews": look, "data-off": off, "value": on})


def zones(present: str) -> Zones:
    """Zones by region, UTC and the person's present one first."""
    first = dict.fromkeys(("UTC", present))
    found: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    for name in sorted(available_timezones() - first.keys()):
        region, _slash, place = name.partition("/")
        if region in found and place:
            found[region].append((name, place.replace("_", " ").replace("/", ", ")))
    return [("", [(name, name) for name in first]), *found.items()]


class SettingsForm(forms.Form):
    """Filled in from ``person``; what else a value may be is what the choices say."""

    display_name = forms.CharField(
        label=_("Display name"),
        required=False,
        max_length=80,
        help_text=_("Empty shows your e-mail address, to you and to the people who run this site."),
        widget=forms.TextInput(attrs={"autocomplete": "nickname"}),
    )
    locale = forms.ChoiceField(label=_("Language"), choices=Locale.choices)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Times and the start of your day follow it; point at a time to see UTC."),
    )
    base_currency = forms.ChoiceField(
        label=_("Base currency"),
        help_text=_("For reports. Accounts are shown in the currency they hold."),
    )
    theme = forms.ChoiceField(label=_("Theme"), choices=Theme.choices)
    colour_blind = forms.BooleanField(
        label=_("Colour-blind palette"), required=False, widget=_previewing("vision", "none", "cb")
    )
    red_is_up = forms.BooleanField(
        label=_("Red is up"), required=False, widget=_previewing("rising", "green", "red")
    )

    def __init__(self, person: User, data: Any = None) -> None:
        super().__init__(data, initial={name: getattr(person, name) for name in FIELDS})
        currencies = dict.fromkeys((*CURRENCIES, person.base_currency))
        self.fields["time_zone"].choices = zones(person.time_zone)  # type: ignore[attr-defined]
        self.fields["base_currency"].choices = [(it, it) for it in currencies]  # type: ignore[attr-defined]

    def wanted(self) -> Preferences:
        """What differs from what is in force. The form is valid."""
        return {name: self.cleaned_data[name] for name in self.changed_data}  # type: ignore[return-value]
