"""Copy settings of one copy: the form, the preview beside it, its history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from mimic.core.csv_export import csv_answer
from mimic.core.errors import Conflict
from mimic.dashboard import copies_selectors
from mimic.dashboard.copies_forms import SettingsForm
from mimic.dashboard.copies_views import own_copy, page_frame
from mimic.dashboard.start_forms import WAYS
from trading.copying.settings import (
    FIELDS,
    AllocationExceeded,
    SettingsInvalid,
    allocation_left_for,
    change_settings,
    exceeds,
)
from trading.copying.settings_history import Version, versions_of
from trading.copying.settings_preview import preview_of
from trading.copying.settings_wording import MODES
from trading.copying.venue_setting_wording import settings_at_venue
from trading.models import CopySubscription

ON_PAGE = 20
IN_EXPORT = 10_000


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def settings(request: HttpRequest, public_id: UUID) -> HttpResponse:
    row = own_copy(request, public_id)
    form = SettingsForm(row.settings, request.POST if request.method == "POST" else None)
    status = _save(request, row, form) if form.is_bound else 200
    if status == 302:
        return redirect("copy-settings", public_id)
    context = {
        **page_frame(row.user_id),
        **_page(row, form),
        "exceeds": status == AllocationExceeded.status and form.has_error("allocation_pct"),
    }
    return render(request, "copies/settings.html", context, status=status)


@login_required
@require_POST
@never_cache
def preview(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What the settings in the form would have made of the last signals; asked for by htmx."""
    row = own_copy(request, public_id)
    form = SettingsForm(row.settings, request.POST)
    context: dict[str, Any] = {"copy": row, "form": form, "now": timezone.now()}
    if form.is_valid():
        try:
            shown = preview_of(subscription=row, values=form.changes(), now=context["now"])
        except SettingsInvalid as refusal:
            form.refuse(refusal)
        else:
            wanted = form.cleaned_data["allocation_pct"]
            over = exceeds(row, wanted, shown.allocation_left_pct)
            context |= {"preview": shown, "exceeds": over}
    context["wrong"] = [form[name] for name in form.errors if name in form.fields]
    return render(request, "copies/_preview.html", context)


@login_required
@require_GET
def history_csv(request: HttpRequest, public_id: UUID) -> StreamingHttpResponse:
    """Every version with all its values; times ISO UTC, formulas defused."""
    row = own_copy(request, public_id)
    table = _table(versions_of(row, limit=IN_EXPORT))
    return csv_answer("copy-settings.csv", table)


def _save(request: HttpRequest, row: CopySubscription, form: SettingsForm) -> int:
    """Put the form in force; the answer's status, 302 when that is done."""
    if not form.is_valid():
        return SettingsInvalid.status
    if form.cleaned_data["version"] != row.settings.version:
        form.add_error(None, gettext("The settings changed meanwhile. Look again, then save."))
        return Conflict.status
    changes = form.changes()
    if not changes:
        messages.info(request, gettext("Nothing was changed."))
        return 302
    over = form.cleaned_data["over_allocate"]
    try:
        made = change_settings(
            subscription=row, values=changes, now=timezone.now(), over_allocate=over
        )
    except SettingsInvalid as refusal:
        form.refuse(refusal)
        return refusal.status
    except AllocationExceeded as refusal:
        form.add_error("allocation_pct", f"{refusal.detail}.")
        return refusal.status
    said = gettext("Saved as version %(number)d. It acts on new positions.")
    messages.success(request, said % {"number": made.settings.version})
    return 302


def _page(row: CopySubscription, form: SettingsForm) -> dict[str, Any]:
    chosen = form["sizing_mode"].value()
    return {
        "copy": row,
        "form": form,
        "modes": MODES,
        "ways": WAYS,
        "sizing_unit": next((mode.unit for mode in MODES if mode.value == chosen), ""),
        "limit_groups": copies_selectors.limit_groups(form, row),
        "left": allocation_left_for(row),
        "next_version": row.settings.version + 1,
        "at_venue": settings_at_venue(row),
        "versions": copies_selectors.version_lines(versions_of(row, limit=ON_PAGE)),
    }


def _table(versions: list[Version]) -> Iterator[list[object]]:
    yield ["version", "made_at", "changed", *FIELDS]
    for version in versions:
        row, changed = version.settings, " ".join(it.name for it in version.changes)
        values = [_cell(getattr(row, name)) for name in FIELDS]
        yield [row.version, row.created_at, changed, *values]


def _cell(value: Any) -> object:
    if isinstance(value, dict):
        return " ".join(f"{symbol}={times}" for symbol, times in value.items())
    return " ".join(value) if isinstance(value, list) else value
