"""What operators do in the console, in the audit: every action, every form that was saved."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from mimic.audit.actions import Action, declare
from mimic.audit.services import record
from mimic.core.redaction import HIDDEN, is_secret_name, redact_text

ACTED = declare("console.action", _("Console: action"), private=["said"])
ADDED = declare("console.add", _("Console: added"), facts=["fields"])
CHANGED = declare("console.change", _("Console: changed"), facts=["fields"])
DELETED = declare("console.delete", _("Console: deleted"), private=["label"])
EXPORTED = declare("console.export", _("Console: list downloaded"), facts=["list", "kind"])


class AuditedForms(admin.ModelAdmin):  # type: ignore[type-arg]
    """Django tells these of whatever a form of the console did, inside its transaction."""

    def construct_change_message(
        self, request: HttpRequest, form: forms.Form, formsets: Any, add: bool = False
    ) -> Any:
        request.saved_form = form  # type: ignore[attr-defined]
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        _note(ADDED, request, obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> LogEntry:
        _note(CHANGED, request, obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        for obj in queryset:
            record(DELETED, target=obj, private={"label": str(obj)})
        return super().log_deletions(request, queryset)


def _note(saved: Action, request: HttpRequest, obj: Model, message: Any) -> None:
    """A form's message is a list; an action of ours says in a text what it did, and why."""
    form = getattr(request, "saved_form", None)
    if isinstance(message, str) or form is None:
        record(ACTED, target=obj, private={"said": str(message)})
        return
    changed = list(form.changed_data)
    record(
        saved,
        target=obj,
        facts={"fields": changed},
        before={name: _shown(name, form.initial.get(name)) for name in changed},
        after={name: _shown(name, form.cleaned_data.get(name)) for name in changed},
    )


def _shown(name: str, value: object) -> str:
    return HIDDEN if is_secret_name(name) else redact_text(str(value))
