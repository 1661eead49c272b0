"""The page that ``type`` of every problem points to."""

from __future__ import annotations

import inspect

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mimic.core.errors import all_error_kinds


def problem_types(request: HttpRequest) -> HttpResponse:
    """All declared problem types; ``/problems/``."""
    kinds = [
        {
            "code": kind.code,
            "status": kind.status,
            "title": kind.title,
            "text": inspect.cleandoc(kind.__doc__ or ""),
        }
        for kind in all_error_kinds()
    ]
    return render(request, "core/problem_types.html", {"kinds": kinds})
