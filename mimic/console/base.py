"""The one base of every model admin. Works on Unfold and on Django's plain admin.

- Lists turn pages by key, count only a little and give up after 3 s (changelist.py, bounded.py).
- Lists of hot tables stand in the order of time alone: no other order could be read by an index.
- Relations to searchable models are chosen by autocomplete, never from a list of all rows.
- A status is read-only: it changes through actions that call the one mutator.
- Every list downloads as CSV or XLSX with the filters that are on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin
from django.db import OperationalError
from django.db.models import DecimalField, Field, ForeignKey, ManyToManyField, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from mimic.audit.services import record
from mimic.console import bounded, search
from mimic.console.changelist import KeysetChangeList
from mimic.console.deeds import EXPORTED, AuditedForms
from mimic.console.display import show_price
from mimic.console.export import export
from mimic.console.skin import SkinModelAdmin, SkinTabularInline
from mimic.core.fields import HotModel

_RIGHTS = "allowed_permissions"  # as Django names them on an action
STATUS_FIELDS = frozenset({"status", "state"})


class BaseAdmin(AuditedForms, SkinModelAdmin):
    """What every model admin of ours extends."""

    list_per_page = 50
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = bounded.BoundedPaginator
    list_filter_submit = True
    export_fields: Sequence[str] = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method != "GET":  # an action: its commands bring their own transactions
            return super().changelist_view(request, extra_context)
        try:
            with bounded.bounded_reads(bounded.LIST_MS):
                response = super().changelist_view(request, extra_context)
                if isinstance(response, TemplateResponse):
                    response.render()
        except OperationalError as fault:
            if not bounded.was_too_slow(fault):
                raise
            return self._too_slow(request)
        return response

    def prepare(self, rows: Sequence[Any]) -> None:
        """Called with the rows of a page, or of a chunk of a download, before they are drawn."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return search.find(queryset, tuple(self.get_search_fields(request)), search_term), False

    def get_autocomplete_fields(self, request: HttpRequest) -> list[str] | tuple[str, ...]:
        named = super().get_autocomplete_fields(request)
        return named or [field.name for field in self._relations() if self._searchable(field)]

    def get_sortable_by(self, request: HttpRequest) -> Any:
        return () if issubclass(self.model, HotModel) else super().get_sortable_by(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        fixed = [str(name) for name in super().get_readonly_fields(request, obj)]
        states = [field.name for field in self.opts.fields if field.name in STATUS_FIELDS]
        return [*fixed, *(name for name in states if name not in fixed)]

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """May run actions; apart from ``change``, so that a list without forms has actions too."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Other people's actions that ask for no right (``run_tasks``) are for operators."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)  # rows go by a command of their app, or not at all
        if self.has_operate_permission(request):
            return found
        return {name: it for name, it in found.items() if it and hasattr(it[0], _RIGHTS)}

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_export"
        view = self.admin_site.admin_view(self._export)
        return [path("export.<str:kind>", view, name=name), *super().get_urls()]

    def export_links(self, query: str) -> list[tuple[str, str]]:
        """(label, URL) of the downloads for a list with this query string."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_export"
        return [(kind.upper(), reverse(name, args=[kind]) + query) for kind in ("csv", "xlsx")]

    def _export(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        if kind not in {"csv", "xlsx"}:
            return HttpResponse(status=404)
        if not self.has_view_permission(request):
            return HttpResponse(status=403)
        shown = self.get_changelist_instance(request)
        columns = [str(name) for name in shown.list_display if name != "action_checkbox"]
        names = self.export_fields or columns
        record(EXPORTED, facts={"list": self.opts.label_lower, "kind": kind})
        return export(self, request, shown.get_queryset(request), names, kind)

    def _too_slow(self, request: HttpRequest) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, "path": request.path}
        return TemplateResponse(request, "admin/too_slow.html", context, status=503)

    def _relations(self) -> list[Field[Any, Any]]:
        fields = [*self.opts.fields, *self.opts.many_to_many]
        return [field for field in fields if isinstance(field, ForeignKey | ManyToManyField)]

    def _searchable(self, field: Field[Any, Any]) -> bool:
        related = self.admin_site._registry.get(field.related_model)  # type: ignore[arg-type]
        return related is not None and bool(related.search_fields)


def _amount(field: Field[Any, Any]) -> Callable[[Model], str]:
    @admin.display(description=field.verbose_name)
    def shown(row: Model) -> str:
        return show_price(getattr(row, field.name))

    shown.__name__ = field.name
    return shown


class ReadOnlyAdmin(BaseAdmin):
    """Ledgers, fills, events, and whatever only actions may change: no forms, no deletion.

    Amounts show without the zeros that their columns are filled up with.
    """

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        amounts: dict[str, Any] = {
            field.name: _amount(field)
            for field in self.opts.fields
            if isinstance(field, DecimalField)
        }
        return [
            (title, {**told, "fields": [amounts.get(str(name), name) for name in told["fields"]]})
            for title, told in super().get_fieldsets(request, obj)
        ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class BaseInline(SkinTabularInline):  # type: ignore[type-arg]
    """Rows that belong to another; shown, not edited."""

    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
