"""The API's document and the two interfaces that show it, all from our own files."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

_REDOC_STYLES = [
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",  # empty, filled through the CSSOM
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='",  # its scroll bars
]
"""Digests of the two inline styles that ReDoc adds; they follow the vendored version."""


@cache
def document() -> bytes:
    """The OpenAPI document of this process's routes, made once: it changes with the code alone."""
    with translation.override("en"):
        made: Any = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return json.dumps(made, ensure_ascii=False).encode()


@require_safe
@cache_control(public=True, max_age=300)
def openapi(request: HttpRequest) -> HttpResponse:
    """``/openapi.json`` and ``/api/schema/``."""
    return HttpResponse(document(), content_type="application/json")


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    return render(request, "api/swagger.html")


@require_safe
@csp_update({"style-src": _REDOC_STYLES})
def redoc(request: HttpRequest) -> HttpResponse:
    return render(request, "api/redoc.html")
