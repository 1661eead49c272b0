"""Answers as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import JSONRenderer


class PrivateJSON(JSONRenderer):
    """What is answered is one person's: no cache on the way may keep it."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        if renderer_context and "response" in renderer_context:
            renderer_context["response"].headers.setdefault("Cache-Control", "no-store")
        return super().render(data, accepted_media_type, renderer_context)
