"""What the signer allows each account's keys, and rotations of what wraps them."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.contrib.postgres.forms import SimpleArrayField
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import BaseAdmin, ReadOnlyAdmin
from trading.admin.account_actions import operator_of
from trading.execution.key_guard import free_keys, freeze_keys
from trading.models import KeyGuard, KeyRotation


@object_action(
    description=_("Freeze"),
    dangerous=True,
    consequences=_("Nothing is opened with these keys until somebody frees them. Closes go on."),
)
def freeze(request: HttpRequest, guard: KeyGuard, reason: str) -> None:
    freeze_keys(account=guard.account, by=operator_of(request), reason=reason, now=timezone.now())


@object_action(
    description=_("Free"),
    dangerous=True,
    consequences=_("The keys open positions again. Find out first why they were frozen."),
)
def free(request: HttpRequest, guard: KeyGuard, reason: str) -> None:
    free_keys(account=guard.account, by=operator_of(request), reason=reason)


class KeyGuardForm(forms.ModelForm):  # type: ignore[type-arg]
    symbols = SimpleArrayField(
        forms.CharField(max_length=32),
        label=_("only these symbols"),
        required=False,
        help_text=_("separated by commas: BTCUSDT,ETHUSDT"),
    )

    class Meta:
        model = KeyGuard
        fields = ("account", "symbols", "max_notional", "opens_a_minute")

    def clean_symbols(self) -> list[str]:
        return sorted({symbol.strip().upper() for symbol in self.cleaned_data["symbols"]} - {""})


@admin.register(KeyGuard)
class KeyGuardAdmin(BaseAdmin):
    """Limits are set here; keys are frozen and freed by actions."""

    form = KeyGuardForm
    list_display = (
        "account", "symbols", "max_notional", "opens_a_minute", "frozen_at", "frozen_why",
    )  # fmt: skip
    list_filter = (("frozen_at", admin.EmptyFieldListFilter),)
    list_select_related = ("account",)
    search_fields = ("account__label", "account__public_id", "account__user__email")
    readonly_fields = ("frozen_at", "frozen_why")
    actions = (freeze, free)


@admin.register(KeyRotation)
class KeyRotationAdmin(ReadOnlyAdmin):
    """Started by ``manage.py rotate_keys`` where the master keys are; watched here."""

    list_display = (
        "head", "done", "left", "unreadable", "started_at", "touched_at", "finished_at",
    )  # fmt: skip
