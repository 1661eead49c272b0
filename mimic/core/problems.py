"""Errors as answers: RFC 9457 problem+json for programs, a page for people. Never a stack trace."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.exceptions import (
    BadRequest as DjangoBadRequest,
)
from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.template.loader import select_template

from mimic.core import errors
from mimic.core.context import request_id_of
from mimic.core.errors import MimicError
from mimic.core.redaction import redact_text

CONTENT_TYPE = "application/problem+json"
_PROGRAM_PATHS = (
    "/api", "/webhook", "/telegram", "/health", "/version", "/metrics", "/openapi.json",
)  # fmt: skip

_KNOWN: tuple[tuple[type[Exception], type[MimicError]], ...] = (
    (Http404, errors.NotFound),
    (PermissionDenied, errors.Forbidden),
    (RequestDataTooBig, errors.BodyTooLarge),
    (TooManyFieldsSent, errors.BodyTooLarge),
    (TooManyFilesSent, errors.BodyTooLarge),
    (SuspiciousOperation, errors.BadRequest),
    (DjangoBadRequest, errors.BadRequest),
    (MultiPartParserError, errors.BadRequest),
)


def is_for_programs(path: str) -> bool:
    """True where callers are programs and get problem+json instead of pages."""
    return any(path == start or path.startswith(f"{start}/") for start in _PROGRAM_PATHS)


def expected_error(fault: Exception) -> MimicError | None:
    """Our error for an exception that a caller caused; None for a bug of ours."""
    if isinstance(fault, MimicError):
        return fault
    for theirs, ours in _KNOWN:
        if isinstance(fault, theirs):
            return ours()
    return None


def type_url(code: str) -> str:
    """Where the problem type is described (the page of all problem types)."""
    return f"{settings.SITE_URL}/problems/#{code}"


def problem_document(error: MimicError, *, path: str, request_id: str) -> dict[str, Any]:
    """RFC 9457 members and ours: ``code``, ``request_id``, ``errors``. ``path`` is what was asked
    for; secrets in it are left out.
    """
    return {
        "type": type_url(error.code),
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": redact_text(path),
        "code": error.code,
        "request_id": request_id,
        "errors": error.errors,
        **error.members(),
    }


def problem_response(error: MimicError, request: HttpRequest) -> HttpResponse:
    document = problem_document(error, path=request.path, request_id=request_id_of(request))
    return HttpResponse(
        json.dumps(document, default=str),
        content_type=CONTENT_TYPE,
        status=error.status,
        headers=error.headers(),
    )


def page_response(error: MimicError, request: HttpRequest) -> HttpResponse:
    """``templates/<status>.html``, else the plain page of this app; context: the error's texts."""
    template = select_template([f"{error.status}.html", "core/problem.html"])
    context = {
        "status": error.status,
        "title": error.title,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id_of(request),
        "retry_after": error.headers().get("Retry-After"),
        "only_read": request.method in ("GET", "HEAD"),
    }
    return HttpResponse(
        template.render(context, request), status=error.status, headers=error.headers()
    )


def error_response(error: MimicError, request: HttpRequest) -> HttpResponse:
    """Whichever of the two suits the path."""
    make = problem_response if is_for_programs(request.path) else page_response
    return make(error, request)
