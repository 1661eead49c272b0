"""The audit in the console: looked at, searched, downloaded; changed by nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from mimic.audit.actions import all_actions, title_of
from mimic.audit.models import Entry
from mimic.audit.selectors import private_parts
from mimic.console.base import ReadOnlyAdmin
from mimic.console.display import NOTHING
from mimic.core.ids import first_id_at

SPANS = {"hour": 1, "day": 24, "week": 7 * 24, "month": 31 * 24}


class ActionFilter(admin.SimpleListFilter):
    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(action.code, str(action.title)) for action in all_actions()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class SinceFilter(admin.SimpleListFilter):
    """By the id, which is made of the time: no other index is needed."""

    title = _("since")
    parameter_name = "since"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        names = (_("an hour"), _("a day"), _("a week"), _("a month"))
        return list(zip(SPANS, names, strict=True))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Entry]) -> QuerySet[Entry]:
        hours = SPANS.get(self.value() or "")
        if hours is None:
            return queryset
        return queryset.filter(pk__gte=first_id_at(timezone.now() - timedelta(hours=hours)))


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin):
    """Searched by a person's address, an object's id, a request's id or the action's code."""

    list_display = ("at", "what", "who", "actor_role", "whom", "thing", "told", "place", "changes")
    list_display_links = ("at",)
    list_filter = (ActionFilter, SinceFilter)
    search_fields = ("action", "object_id", "request_id", "actor_id")
    search_help_text = _("a person's e-mail address, an object's or request's id, an action")
    fields = (*list_display, "browser", "object_kind", "object_id", "request_id")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Entry]:
        people = get_user_model()._default_manager
        actor = people.filter(pk=OuterRef("actor_id")).values("email")
        behalf = people.filter(pk=OuterRef("on_behalf_of")).values("email")
        entries: QuerySet[Entry] = super().get_queryset(request)
        return entries.annotate(actor_email=Subquery(actor), behalf_email=Subquery(behalf))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if "@" not in search_term:
            return super().get_search_results(request, queryset, search_term)
        wanted = search_term.strip().lower()
        people = get_user_model()._default_manager.filter(email__startswith=wanted)
        return queryset.filter(actor_id__in=people.values("pk")[:100]), False

    def prepare(self, rows: Sequence[Any]) -> None:
        """Their personal parts are opened with one query."""
        _keep_parts(rows)

    @admin.display(description=_("at"), ordering="id")
    def at(self, entry: Entry) -> Any:
        return entry.at

    @admin.display(description=_("action"), ordering="action")
    def what(self, entry: Entry) -> str:
        return title_of(entry.action)

    @admin.display(description=_("by"))
    def who(self, entry: Any) -> str:
        if entry.actor_id is None:
            return gettext("the platform, or a stranger")
        return entry.actor_email or f"#{entry.actor_id}"

    @admin.display(description=_("on behalf of"))
    def whom(self, entry: Any) -> str:
        return entry.behalf_email or NOTHING

    @admin.display(description=_("object"))
    def thing(self, entry: Entry) -> str:
        return f"{entry.object_kind} {entry.object_id}".strip() or NOTHING

    @admin.display(description=_("facts"))
    def told(self, entry: Entry) -> str:
        """The plain ones, then what is personal and can still be read."""
        private = _parts(entry)
        words = {**entry.facts, **{k: v for k, v in (private or {}).items() if k not in _APART}}
        return _listed(words) or NOTHING

    @admin.display(description=_("address"))
    def place(self, entry: Entry) -> str:
        return _word(entry, "address")

    @admin.display(description=_("browser"))
    def browser(self, entry: Entry) -> str:
        return _word(entry, "user_agent")

    @admin.display(description=_("changes"))
    def changes(self, entry: Entry) -> str:
        private = _parts(entry) or {}
        before, after = private.get("before", {}), private.get("after", {})
        names = sorted({*before, *after})
        changed = (f"{name}: {before.get(name, '')} → {after.get(name, '')}" for name in names)
        return "; ".join(changed) or NOTHING


_APART = frozenset({"address", "user_agent", "before", "after"})


def _keep_parts(entries: Sequence[Any]) -> None:
    parts = private_parts(entries)
    for entry in entries:
        entry.parts = parts[entry.pk]


def _parts(entry: Any) -> dict[str, Any] | None:
    if not hasattr(entry, "parts"):
        _keep_parts([entry])
    found: dict[str, Any] | None = entry.parts
    return found


def _word(entry: Entry, name: str) -> str:
    private = _parts(entry)
    return gettext("erased") if private is None else str(private.get(name, NOTHING))


def _listed(words: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in words.items() if value not in ("", None))
