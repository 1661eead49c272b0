"""Rules of addresses in the console: made and taken away, never changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import AddressRule
from mimic.console.base import BaseAdmin
from mimic.console.display import show_label
from mimic.core.network import Address, client_ip, parse_address


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Nobody shuts themselves out: the console is behind the same door."""

    asked: HttpRequest

    class Meta:
        model = AddressRule
        fields = ("network", "kind", "until", "reason")

    def clean(self) -> dict[str, Any]:
        told = super().clean() or self.cleaned_data
        until = told.get("until")
        if until is not None and until <= timezone.now():
            self.add_error("until", gettext("That is over already."))
        return told

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        rule = self.instance
        if (
            not self.errors
            and rule.kind == AddressRule.Kind.BLOCK
            and rule.covers(_caller(self.asked))
        ):
            self.add_error("network", gettext("You are in that network yourself."))


def _caller(request: HttpRequest) -> Address | None:
    return parse_address(client_ip(request))


@admin.register(AddressRule)
class AddressRuleAdmin(BaseAdmin):
    form = RuleForm
    list_display = ("network", "shown", "reason", "until", "automatic", "created_at")
    list_filter = ("kind", "automatic")
    search_fields = ("network", "reason")

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        kind = super().get_form(request, *args, **kwargs)
        return type(kind.__name__, (kind,), {"asked": request})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("rule"), ordering="kind")
    def shown(self, row: AddressRule) -> str:
        over = row.until is not None and row.until <= timezone.now()
        tones = {AddressRule.Kind.BLOCK.value: "down", AddressRule.Kind.ALLOW.value: "up"}
        return show_label(row.get_kind_display(), "neutral" if over else tones[row.kind])
