"""Strategies in the console, with what only trading knows: what their followers would do."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from signals.admin import StrategyAdmin
from signals.models import Strategy
from trading.admin.trial import trial

admin.site.unregister(Strategy)


@admin.register(Strategy)
class TriedStrategyAdmin(StrategyAdmin):
    readonly_fields: ClassVar[tuple[str, ...]] = ("try_it", *StrategyAdmin.readonly_fields)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.trial)
        own = path("<int:pk>/test-signal/", view, name="signals_strategy_test_signal")
        return [own, *super().get_urls()]

    def trial(self, request: HttpRequest, pk: int) -> HttpResponse:
        return trial(self, request, pk)

    @admin.display(description=_("what followers would get"))
    def try_it(self, row: Strategy) -> str:
        url = reverse("admin:signals_strategy_test_signal", args=[row.pk])
        return format_html('<a href="{}">{}</a>', url, gettext("Test signal"))
