"""Forms about exchange accounts. What was typed as a key is never sent back to the browser."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.core.errors import MimicError
from mimic.dashboard.step_up import StepUpForm
from trading.domain.ports import Credentials
from trading.execution.connecting import LabelTaken
from trading.market.wording import CREDENTIALS
from trading.models import Venue
from trading.venues.credentials import FIELDS

LONGEST_LABEL = 60


class _SilentInput(forms.TextInput):
    """Draws no value: a refused form comes back with this field empty."""

    def format_value(self, value: Any) -> str | None:
        return None


class _SilentText(forms.Textarea):
    """The same for secrets, some of which are PEM blocks whose lines a text field would join."""

    def format_value(self, value: Any) -> str | None:
        return None


_QUIET = {"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}


def _key_field(name: str) -> forms.CharField:
    """A field for one of ccxt's credential names; secrets are drawn as dots."""
    label = CREDENTIALS[name]
    if name == "apiKey":
        return forms.CharField(label=label, max_length=4096, widget=_SilentInput(attrs=_QUIET))
    masked = {**_QUIET, "rows": 2, "data-masked": True}
    return forms.CharField(label=label, max_length=4096, widget=_SilentText(attrs=masked))


class KeysForm(StepUpForm):
    """Exactly the credentials that the venue asks for, and a fresh code."""

    def __init__(self, venue: Venue, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.names = [FIELDS[name] for name in venue.credentials]
        for name in venue.credentials:
            self.fields[FIELDS[name]] = _key_field(name)
        self.order_fields([*self.names, "code"])

    def credentials(self) -> Credentials:
        given = {name: self.cleaned_data[name] for name in self.names}
        return Credentials(**({"api_key": "", "secret": ""} | given))


class ConnectForm(KeysForm):
    """A new account: its name, practice or not, keys, code."""

    places: ClassVar[dict[type[MimicError], str]] = {LabelTaken: "label"}

    label = forms.CharField(
        label=_("Name"), max_length=LONGEST_LABEL, help_text=_("As you see it on receipts.")
    )
    demo = forms.BooleanField(
        label=_("A practice account of the exchange (no real money)"), required=False
    )

    def __init__(self, venue: Venue, data: Any = None) -> None:
        super().__init__(venue, data, initial={"label": venue.name[:LONGEST_LABEL]})
        if venue.demo != Venue.Demo.DEMO:
            del self.fields["demo"]
        self.order_fields(["label", "demo", *self.names, "code"])


class RenameForm(forms.Form):
    label = forms.CharField(label=_("Name"), max_length=LONGEST_LABEL)


class RemoveForm(StepUpForm):
    """Removal erases keys: the word and a fresh code."""

    WORD = "REMOVE"

    word = forms.CharField(
        label=_("Type REMOVE to confirm"),
        max_length=12,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    field_order = ("word", "code")

    def clean_word(self) -> str:
        word: str = self.cleaned_data["word"]
        if word != self.WORD:
            raise forms.ValidationError(gettext("Type the word as it stands."))
        return word
