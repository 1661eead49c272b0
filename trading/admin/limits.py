"""Limits of the platform, of a strategy or of an account; the strictest of all holds."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext

from mimic.console.base import BaseAdmin
from signals.models import Strategy
from trading.domain.limits import DEFAULTS, NAMES
from trading.models import ExchangeAccount, LimitScope, RiskLimits


class RiskLimitsForm(forms.ModelForm):  # type: ignore[type-arg]
    """An empty limit says nothing; the platform's usual value stands beside each field."""

    class Meta:
        model = RiskLimits
        fields = ("scope", "target", *NAMES, "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in NAMES:
            if name in self.fields:
                usual = gettext("usually %(value)s") % {"value": getattr(DEFAULTS, name)}
                self.fields[name].help_text = usual

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        scope, target = found.get("scope"), found.get("target")
        models = {LimitScope.STRATEGY: Strategy, LimitScope.ACCOUNT: ExchangeAccount}
        model: Any = models.get(scope)  # type: ignore[arg-type]
        if scope == LimitScope.PLATFORM and target:
            self.add_error("target", gettext("The platform has no id: leave it at 0."))
        elif model is not None and not model.objects.filter(pk=target).exists():
            self.add_error("target", gettext("There is nothing with this id."))
        if not any(found.get(name) is not None for name in NAMES):
            self.add_error(None, gettext("Set at least one limit."))
        return found


@admin.register(RiskLimits)
class RiskLimitsAdmin(BaseAdmin):
    form = RiskLimitsForm
    list_display = (
        "scope", "target", "max_position_pct", "max_exposure_pct", "max_risk_pct", "max_leverage",
        "max_open", "daily_loss_block_pct", "note", "updated_at", "updated_by",
    )  # fmt: skip
    list_filter = ("scope",)
    list_select_related = ("updated_by",)
    search_fields = ("note", "target")

    def save_model(
        self, request: HttpRequest, obj: RiskLimits, form: RiskLimitsForm, change: bool
    ) -> None:
        if request.user.is_authenticated:
            obj.updated_by = request.user
        super().save_model(request, obj, form, change)
