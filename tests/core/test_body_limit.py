"""No body above a megabyte is held, whatever its headers claim."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client

from mimic.core.body_limit import limit_asgi_body, limit_wsgi_body, most_bytes

# The real handlers look after database connections around every request.
pytestmark = [pytest.mark.urls("tests.core.urls"), pytest.mark.django_db]
PART = b"x" * 100_000


def _ask_asgi(parts: int, headers: list[tuple[bytes, bytes]]) -> tuple[int, bytes, int]:
    """Status, body and how many parts were still unread when the answer was made."""
    waiting = [PART] * parts
    sent: list[dict[str, Any]] = []
    unread_at_answer: list[int] = []
    idle = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if waiting:
            body = waiting.pop()
            return {"type": "http.request", "body": body, "more_body": bool(waiting)}
        await idle.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            unread_at_answer.append(len(waiting))
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/size", "headers": headers,
        "query_string": b"", "server": ("testserver", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    asyncio.run(limit_asgi_body(ASGIHandler())(scope, receive, send))  # type: ignore[arg-type]
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], body, unread_at_answer[0]


def _ask_wsgi(body: bytes, **environ: str) -> tuple[str, bytes]:
    statuses: list[str] = []
    whole = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/api/size", "SERVER_NAME": "testserver",
        "SERVER_PORT": "80", "wsgi.input": BytesIO(body), "wsgi.url_scheme": "http",
        "REMOTE_ADDR": "127.0.0.1", "wsgi.errors": BytesIO(), **environ,
    }  # fmt: skip
    answer = limit_wsgi_body(WSGIHandler())(whole, lambda status, headers: statuses.append(status))
    return statuses[0], b"".join(answer)


def test_a_declared_oversize_is_refused_unread() -> None:
    answer = Client().post("/api/size", b"x" * 1_000_001, content_type="text/plain")
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert answer["X-Request-Id"]


def test_a_full_megabyte_passes() -> None:
    assert _ask_asgi(10, [(b"content-length", b"1000000")])[:2] == (200, b"1000000")


def test_a_chunked_oversize_body_is_refused_under_asgi() -> None:
    status, body, _ = _ask_asgi(200, [(b"transfer-encoding", b"chunked")])
    assert status == 413
    assert b"body_too_large" in body


def test_a_form_of_a_page_is_a_hundred_kilobytes_at_most_and_the_consoles_a_megabyte() -> None:
    form = [(b"content-type", b"application/x-www-form-urlencoded; charset=utf-8")]
    assert _ask_asgi(1, form)[0] == 200
    assert _ask_asgi(2, form)[0] == 413
    kind = "application/x-www-form-urlencoded"
    assert (most_bytes("/admin/x", kind), most_bytes("/x", "multipart/form-data")) == (10**6,) * 2


def test_a_lying_content_length_does_not_help_under_asgi() -> None:
    assert _ask_asgi(50, [(b"content-length", b"10")])[0] == 413


def test_a_chunked_body_is_read_under_wsgi() -> None:
    assert _ask_wsgi(b"x" * 777, HTTP_TRANSFER_ENCODING="chunked") == ("200 OK", b"777")


def test_a_chunked_oversize_body_is_refused_under_wsgi() -> None:
    status, body = _ask_wsgi(b"x" * 3_000_000, HTTP_TRANSFER_ENCODING="chunked")
    assert status.startswith("413")
    assert b"body_too_large" in body


def test_a_declared_oversize_is_refused_under_wsgi() -> None:
    assert _ask_wsgi(b"x" * 3_000_000, CONTENT_LENGTH="3000000")[0].startswith("413")
