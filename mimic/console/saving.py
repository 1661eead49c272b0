"""Saves that a command makes, outside Django's own transaction."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class SaveByCommand(admin.ModelAdmin):  # type: ignore[type-arg]
    """Set ``saves_by_command`` when ``save_model`` calls a command.

    Django saves inside a transaction of its own, where a durable command cannot run.
    """

    saves_by_command = False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if self.saves_by_command:
            return self._changeform_view(request, object_id, form_url, extra_context)  # type: ignore[attr-defined]
        return super().changeform_view(request, object_id, form_url, extra_context)
