"""Errors that we expect, each with a stable machine code, an HTTP status and one reaction.

A subclass is declared beside the code that raises it (Polar ADR-0002). Interfaces turn it into
RFC 9457 ``application/problem+json`` or a page; nothing else may decide a status. Codes are part
of the public contract: they are never renamed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypedDict


class FieldProblem(TypedDict):
    """One wrong field: ``pointer`` is an RFC 6901 JSON pointer into the body, "" is the whole."""

    pointer: str
    code: str
    detail: str


_kinds: dict[str, type[MimicError]] = {}


class MimicError(Exception):
    """An expected failure. ``detail`` is shown to the caller: no secrets, no traces."""

    code: str = "internal_error"
    status: int = 500
    title: str = "Something went wrong on our side"

    def __init__(self, detail: str = "", *, errors: Iterable[FieldProblem] = ()) -> None:
        self.detail = detail
        self.errors: list[FieldProblem] = list(errors)
        super().__init__(detail or self.title)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" not in cls.__dict__:
            return
        taken = _kinds.setdefault(cls.code, cls)
        if f"{taken.__module__}.{taken.__qualname__}" != f"{cls.__module__}.{cls.__qualname__}":
            raise TypeError(
                f"{cls.__qualname__}: the code {cls.code} belongs to {taken.__qualname__}"
            )

    def headers(self) -> dict[str, str]:
        """Extra HTTP headers of the answer."""
        return {}

    def members(self) -> dict[str, Any]:
        """Extra members of the problem document (RFC 9457, 3.2)."""
        return {}


_kinds[MimicError.code] = MimicError


class BadRequest(MimicError):
    code, status, title = "bad_request", 400, "The request could not be understood"


class NotAuthenticated(MimicError):
    code, status, title = "not_authenticated", 401, "Sign in first"

    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="mimic"'}


class Forbidden(MimicError):
    code, status, title = "forbidden", 403, "This is not yours to see or do"


class NotFound(MimicError):
    code, status, title = "not_found", 404, "There is nothing here"


class MethodNotAllowed(MimicError):
    code, status, title = "method_not_allowed", 405, "This address does not take that method"


class NotAcceptable(MimicError):
    code, status, title = "not_acceptable", 406, "No representation that you accept exists"


class Conflict(MimicError):
    code, status, title = "conflict", 409, "This contradicts the present state"


class BodyTooLarge(MimicError):
    code, status, title = "body_too_large", 413, "The body is too large"


class UnsupportedMediaType(MimicError):
    code, status, title = "unsupported_media_type", 415, "This content type is not understood"


class ValidationFailed(MimicError):
    code, status, title = "validation_failed", 422, "Some fields are wrong"


class TooManyRequests(MimicError):
    """``retry_after`` is in whole seconds."""

    code, status, title = "too_many_requests", 429, "Too many requests"

    def __init__(self, detail: str = "", *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after)}


class ServiceUnavailable(MimicError):
    code, status, title = "service_unavailable", 503, "Not able to serve this now"


def all_error_kinds() -> list[type[MimicError]]:
    """Every declared problem type, ordered by status and code."""
    return sorted(_kinds.values(), key=lambda kind: (kind.status, kind.code))


def error_for_status(status: int) -> MimicError:
    """The plain error of an HTTP status; an unlisted one is reported by its class of hundred."""
    plain = (
        BadRequest, NotAuthenticated, Forbidden, NotFound, MethodNotAllowed, NotAcceptable,
        Conflict, BodyTooLarge, UnsupportedMediaType, ValidationFailed, TooManyRequests,
        ServiceUnavailable,
    )  # fmt: skip
    for kind in plain:
        if kind.status == status:
            return kind()
    return MimicError() if status >= MimicError.status else BadRequest()
