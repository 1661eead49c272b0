"""Providers, strategies, the inbox and its signals in the console."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mimic.console.actions import object_action
from mimic.console.base import BaseAdmin, ReadOnlyAdmin
from mimic.console.display import show_age
from signals.models import InboxMessage, Provider, Strategy, StrayMessage
from signals.services.strategies import pause_strategy, resume_strategy


@admin.register(Provider)
class ProviderAdmin(ReadOnlyAdmin):
    list_display = ("name", "user", "status", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "public_id")


@object_action(
    description=_("Pause: take no alerts"),
    consequences=_("Alerts are refused until it is resumed; open positions stay as they are."),
)
def pause(_request: HttpRequest, strategy: Strategy, _reason: str) -> None:
    pause_strategy(strategy=strategy)


@object_action(description=_("Resume"))
def resume(_request: HttpRequest, strategy: Strategy, _reason: str) -> None:
    resume_strategy(strategy=strategy)


@admin.register(Strategy)
class StrategyAdmin(BaseAdmin):
    list_display = ("name", "provider", "status", "default_leverage", "max_leverage", "created_at")
    list_filter = ("status",)
    search_fields = ("name", "slug", "public_id")
    exclude = ("token_digest", "passphrase_digest")
    readonly_fields: ClassVar[tuple[str, ...]] = ("provider", "slug", "public_id")
    actions = (pause, resume)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a strategy comes with its provider's registration

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(InboxMessage)
class InboxMessageAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "door", "strategy", "verdict", "code", "reason", "duplicates")
    list_filter = ("verdict", "door", "code")
    list_select_related = ("strategy",)
    search_fields = ("public_id", "code")


@admin.register(StrayMessage)
class StrayMessageAdmin(ReadOnlyAdmin):
    list_display = ("last_at", "door", "remote_address", "code", "count", "excerpt", "age")
    list_filter = ("door", "code")
    search_fields = ("remote_address",)

    @admin.display(description=_("age"))
    def age(self, row: StrayMessage) -> str:
        return show_age(row.last_at, timezone.now())
