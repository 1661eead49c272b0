"""The outermost middleware: request id in, request id out, one access line for each request."""

from __future__ import annotations

import logging
import time
from urllib.parse import parse_qsl, urlencode

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mimic.core.context import accepted_request_id, current_request, known_user_id
from mimic.core.logging import ACCESS_LOGGER
from mimic.core.middleware import StepMiddleware
from mimic.core.network import client_ip
from mimic.core.redaction import HIDDEN, MAX_TEXT, is_secret_name, redact_text

_logger = logging.getLogger(ACCESS_LOGGER)
_SERVER_FAULT = 500


def loggable_path(request: HttpRequest) -> str:
    """Path and query as sent, with tokens in the path and secret query values hidden."""
    path = redact_text(request.path)
    query = request.META.get("QUERY_STRING", "")
    if not query:
        return path
    # The line is cut there anyway, and a stranger chose how much there is to take apart.
    pairs = [
        (name, HIDDEN if is_secret_name(name) else value)
        for name, value in parse_qsl(query[:MAX_TEXT], keep_blank_values=True)
    ]
    return f"{path}?{redact_text(urlencode(pairs, safe='*'))}"


class Access:
    """One request from its id to its line; between them log lines and jobs carry the id."""

    def __init__(self, offered_id: str | None) -> None:
        self.request_id = accepted_request_id(offered_id)
        self.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=self.request_id)

    def write_line(
        self, *, method: str | None, path: str, status: int, address: str, user_id: int | None
    ) -> None:
        """``path`` holds no secret any more."""
        _logger.log(
            logging.ERROR if status >= _SERVER_FAULT else logging.INFO,
            "request",
            extra={
                "request_id": self.request_id,
                "method": method,
                "path": path,
                "status": status,
                "duration_ms": round((time.perf_counter() - self.started) * 1_000, 1),
                "client_ip": address,
                "user_id": user_id,
            },
        )

    def end(self) -> None:
        structlog.contextvars.clear_contextvars()


class RequestLogMiddleware(StepMiddleware):
    """Must stand first, so that refusals of the other middleware have an id and a line too."""

    def before(self, request: HttpRequest) -> None:
        access = Access(request.META.get("HTTP_X_REQUEST_ID"))
        request.access = access  # type: ignore[attr-defined]
        request.request_id = access.request_id  # type: ignore[attr-defined]
        current_request.set(request)

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        access: Access = request.access  # type: ignore[attr-defined]
        response.headers["X-Request-Id"] = access.request_id
        access.write_line(
            method=request.method,
            path=loggable_path(request),
            status=response.status_code,
            address=client_ip(request),
            user_id=known_user_id(request),
        )
        return response

    def finally_(self, request: HttpRequest) -> None:
        current_request.set(None)
        request.access.end()  # type: ignore[attr-defined]
