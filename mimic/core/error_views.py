"""``handler400`` … ``handler500`` and the CSRF view: named in ``mimic.urls`` and the settings."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from mimic.core.errors import BadRequest, Forbidden, MimicError, NotFound
from mimic.core.problems import error_response, expected_error


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(expected_error(exception) or BadRequest(), request)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(expected_error(exception) or Forbidden(), request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(NotFound(), request)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django has logged the traceback; the caller gets the request id to quote."""
    return error_response(MimicError(), request)


class CsrfFailed(Forbidden):
    code, status, title = "csrf_failed", 403, "The form is too old"


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return error_response(CsrfFailed(_("Load the page again and repeat.")), request)
