"""No body above ``settings.BODY_MAX_BYTES`` is ever held, whatever its headers claim; no form of a
page above ``FORM_MAX_BYTES``, for each of its ``%`` costs a microsecond.

Django reads an ASGI body to its end before any middleware runs, and reads nothing of a chunked
WSGI body. So the limit sits around the application: the wrappers cut the body and leave a mark,
and the middleware answers 413 where the request already has its id, its access line and headers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mimic.core.errors import BodyTooLarge
from mimic.core.middleware import StepMiddleware
from mimic.core.problems import error_response

FORM_MAX_BYTES = 100_000
_FORM = "application/x-www-form-urlencoded"
_LONG_FORMS = "/admin/"  # texts of consents; who is no operator is sent away before it is read
_MARK = "mimic.body_too_large"
_END: dict[str, Any] = {"type": "http.request", "body": b"", "more_body": False}

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
AsgiApp = Callable[[dict[str, Any], Receive, Any], Awaitable[None]]
WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def most_bytes(path: str, content_type: str) -> int:
    """Of the body of a request to that path."""
    is_form = content_type.lower().startswith(_FORM) and not path.startswith(_LONG_FORMS)
    return FORM_MAX_BYTES if is_form else int(settings.BODY_MAX_BYTES)


def _declared(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() else 0


class _CountedReceive:
    """Passes the body on until it grows too big, then ends it and swallows the rest."""

    def __init__(self, scope: dict[str, Any], receive: Receive, limit: int) -> None:
        self.scope, self.receive, self.left = scope, receive, limit
        self.ended = False

    async def __call__(self) -> Message:
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                return message
            if self.ended:
                continue
            self.left -= len(message.get("body", b""))
            if self.left >= 0:
                self.ended = not message.get("more_body", False)
                return message
            self.scope[_MARK] = self.ended = True
            return _END


def limit_asgi_body(app: AsgiApp) -> AsgiApp:
    """Wrap the HTTP application; other scopes pass untouched."""

    async def limited(scope: dict[str, Any], receive: Receive, send: Any) -> None:
        if scope["type"] == "http":
            kinds = (value for name, value in scope["headers"] if name == b"content-type")
            most = most_bytes(scope["path"], next(kinds, b"").decode("latin-1"))
            receive = _CountedReceive(scope, receive, most)
        await app(scope, receive, send)

    return limited


def limit_wsgi_body(app: WsgiApp) -> WsgiApp:
    """Wrap the WSGI application; a chunked body gets the length that Django needs to read it."""

    def limited(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        limit = settings.BODY_MAX_BYTES
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower():
            body = _read(environ["wsgi.input"], limit + 1)
            environ[_MARK] = len(body) > limit
            kept = b"" if environ[_MARK] else body
            environ.update({"wsgi.input": BytesIO(kept), "CONTENT_LENGTH": str(len(kept))})
        elif _declared(environ.get("CONTENT_LENGTH") or "") > limit:
            environ.update({_MARK: True, "wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"})
        return app(environ, start_response)

    return limited


def _read(stream: Any, size: int) -> bytes:
    parts, left = [], size
    while left > 0 and (part := stream.read(min(left, 65_536))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


class BodyLimitMiddleware(StepMiddleware):
    """Directly inside :class:`mimic.core.request_log.RequestLogMiddleware`."""

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        marked = getattr(request, "scope", request.META).get(_MARK, False)
        declared = _declared(request.META.get("CONTENT_LENGTH") or "")
        most = most_bytes(request.path, request.META.get("CONTENT_TYPE") or "")
        if not marked and declared <= most:
            return None
        return error_response(BodyTooLarge(f"At most {most} bytes are taken."), request)
