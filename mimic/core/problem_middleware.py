"""Turns expected errors, and error answers without a body of ours, into problems or pages."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from mimic.core.errors import error_for_status
from mimic.core.middleware import StepMiddleware
from mimic.core.problems import (
    CONTENT_TYPE,
    error_response,
    expected_error,
    is_for_programs,
)

_FIRST_ERROR = 400
_KEPT = ("Allow", "Retry-After", "WWW-Authenticate", "Vary")


class ProblemMiddleware(StepMiddleware):
    """Inside the request log and security headers, outside of sessions and the rest."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Bugs (None) go on to Django, which logs them and calls ``handler500``."""
        error = expected_error(exception)
        return error_response(error, request) if error else None

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if response.status_code < _FIRST_ERROR or not isinstance(response, HttpResponse):
            return response
        kind = response.headers.get("Content-Type", "")
        foreign = is_for_programs(request.path) and not kind.startswith(
            (CONTENT_TYPE, "application/json")
        )
        if not foreign and response.content:
            return response
        ours = error_response(error_for_status(response.status_code), request)
        ours.status_code = response.status_code
        ours.cookies = response.cookies
        for name in _KEPT:
            if name in response.headers:
                ours.headers[name] = response.headers[name]
        return ours
