"""The outermost middleware: request id in, request id out, one access line for each request."""

from __future__ import annotations

import logging
import time
from urllib.parse import parse_qsl, urlencode

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mimic.core.context import accepted_request_id, current_request, known_user_id, request_id_of
from mimic.core.logging import ACCESS_LOGGER
from mimic.core.middleware import StepMiddleware
from mimic.core.network import client_ip
from mimic.core.redaction import HIDDEN, is_secret_name, redact_text

_logger = logging.getLogger(ACCESS_LOGGER)
_SERVER_FAULT = 500


def loggable_path(request: HttpRequest) -> str:
    """Path and query as sent, with tokens in the path and secret query values hidden."""
    path = redact_text(request.path)
    query = request.META.get("QUERY_STRING", "")
    if not query:
        return path
    pairs = [
        (name, HIDDEN if is_secret_name(name) else value)
        for name, value in parse_qsl(query, keep_blank_values=True)
    ]
    return f"{path}?{redact_text(urlencode(pairs, safe='*'))}"


class RequestLogMiddleware(StepMiddleware):
    """Must stand first, so that refusals of the other middleware have an id and a line too."""

    def before(self, request: HttpRequest) -> None:
        request_id = accepted_request_id(request.headers.get("X-Request-Id"))
        request.request_id = request_id  # type: ignore[attr-defined]
        request.started = time.perf_counter()  # type: ignore[attr-defined]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        current_request.set(request)

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        response.headers["X-Request-Id"] = request_id_of(request)
        elapsed = time.perf_counter() - getattr(request, "started", time.perf_counter())
        _logger.log(
            logging.ERROR if response.status_code >= _SERVER_FAULT else logging.INFO,
            "request",
            extra={
                "method": request.method,
                "path": loggable_path(request),
                "status": response.status_code,
                "duration_ms": round(elapsed * 1_000, 1),
                "client_ip": client_ip(request),
                "user_id": known_user_id(request),
            },
        )
        return response

    def finally_(self, request: HttpRequest) -> None:
        current_request.set(None)
        structlog.contextvars.clear_contextvars()
