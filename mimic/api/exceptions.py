"""Django REST framework's exceptions as our errors, and those as problem+json."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback

from mimic.core import errors
from mimic.core.errors import FieldProblem, MimicError
from mimic.core.problems import expected_error, problem_response

_WHOLE_BODY = "non_field_errors"
_MOST_TOLD = 100  # of the fields that are wrong
_PLAIN: tuple[tuple[type[exceptions.APIException], type[MimicError]], ...] = (
    (exceptions.ParseError, errors.BadRequest),
    (exceptions.NotAuthenticated, errors.NotAuthenticated),
    (exceptions.AuthenticationFailed, errors.NotAuthenticated),
    (exceptions.PermissionDenied, errors.Forbidden),
    (exceptions.NotFound, errors.NotFound),
    (exceptions.MethodNotAllowed, errors.MethodNotAllowed),
    (exceptions.NotAcceptable, errors.NotAcceptable),
    (exceptions.UnsupportedMediaType, errors.UnsupportedMediaType),
)


def field_problems(detail: Any, pointer: str = "") -> Iterator[FieldProblem]:
    """Flatten DRF's nested details into JSON pointers (RFC 6901): ``/legs/0/price``."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            step = str(name).replace("~", "~0").replace("/", "~1")
            yield from field_problems(
                inner, pointer if name == _WHOLE_BODY else f"{pointer}/{step}"
            )
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from field_problems(inner, f"{pointer}/{place}" if nested else pointer)
    else:
        code = getattr(detail, "code", "invalid")
        yield FieldProblem(pointer=pointer, code=code, detail=str(detail))


def as_error(fault: Exception) -> MimicError | None:
    """Our error for whatever a view raised; None for a bug."""
    if isinstance(fault, exceptions.ValidationError):
        return errors.ValidationFailed(errors=islice(field_problems(fault.detail), _MOST_TOLD))
    if isinstance(fault, exceptions.Throttled):
        return errors.TooManyRequests(
            str(fault.detail), retry_after=int(getattr(fault, "wait", None) or 1)
        )
    for theirs, ours in _PLAIN:
        if isinstance(fault, theirs):
            return ours(str(fault.detail))
    return expected_error(fault)


def exception_handler(fault: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """``REST_FRAMEWORK["EXCEPTION_HANDLER"]``. A bug goes on to Django: logged, then 500."""
    error = as_error(fault)
    if error is None:
        return None
    set_rollback()
    request: HttpRequest = context["request"]._request
    response = problem_response(error, request)
    header = getattr(fault, "auth_header", None)
    if header and "WWW-Authenticate" in response.headers:
        response.headers["WWW-Authenticate"] = header
    return response
