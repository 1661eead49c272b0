"""Headers that Django trips over are mended before it sees them."""

from __future__ import annotations

import asyncio
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler

from mimic.core.head_limit import limit_asgi_head
from mimic.core.odd_headers import mend_asgi_headers, mend_wsgi_headers

pytestmark = [pytest.mark.urls("tests.core.urls"), pytest.mark.django_db]

CONTENT_TYPES = [
    "text/plain; a*=nope''x", "text/plain; charset*=utf-8''%00", "text/plain; charset=undefined",
    "text/plain; a*" + "9" * 5_000 + "=x", "text/plain; charset=base64",
]  # fmt: skip
COOKIES = [r'session="aaaaaaaaaaaaaaaa\000bbbbbbbbbbbbbbbb"', r'a=1; csrftoken="\000"']
ODD = [("content-type", value) for value in CONTENT_TYPES] + [("cookie", each) for each in COOKIES]
odd_headers = pytest.mark.parametrize(("name", "value"), ODD, ids=[row[1][:40] for row in ODD])


def _ask_asgi(*headers: tuple[bytes, bytes]) -> tuple[int, bytes]:
    sent: list[dict[str, Any]] = []
    idle = asyncio.Event()
    parts = [{"type": "http.request", "body": b"12345", "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not parts:
            await idle.wait()
        return parts.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/api/size", "headers": headers,
        "query_string": b"a=1", "server": ("testserver", 80), "client": ("127.0.0.1", 1),
    }  # fmt: skip
    asyncio.run(mend_asgi_headers(ASGIHandler())(scope, receive, send))  # type: ignore[arg-type]
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:])


def _ask_wsgi(**environ: str) -> tuple[str, bytes]:
    statuses: list[str] = []
    whole = {
        "REQUEST_METHOD": "POST", "PATH_INFO": "/api/size", "SERVER_NAME": "testserver",
        "SERVER_PORT": "80", "wsgi.input": BytesIO(b"12345"), "wsgi.url_scheme": "http",
        "CONTENT_LENGTH": "5", "REMOTE_ADDR": "127.0.0.1", "wsgi.errors": BytesIO(), **environ,
    }  # fmt: skip
    app = mend_wsgi_headers(WSGIHandler())
    answer = app(whole, lambda status, headers: statuses.append(status))
    return statuses[0], b"".join(answer)


@odd_headers
def test_an_odd_header_is_no_fault_of_ours_under_asgi(name: str, value: str) -> None:
    assert _ask_asgi((name.encode(), value.encode("latin-1"))) == (200, b"5")


@odd_headers
def test_an_odd_header_is_no_fault_of_ours_under_wsgi(name: str, value: str) -> None:
    key = "CONTENT_TYPE" if name == "content-type" else "HTTP_COOKIE"
    assert _ask_wsgi(**{key: value}) == ("200 OK", b"5")


def test_good_headers_pass_as_they_are() -> None:
    seen: dict[str, Any] = {}
    headers = [
        (b"content-type", b"multipart/form-data; boundary=x; charset=utf-8"),
        (b"cookie", b"session=abc"),
        (b"x-odd", b"\xff"),
    ]

    async def app(scope: dict[str, Any], _receive: Any, _send: Any) -> None:
        seen.update(scope)

    asyncio.run(mend_asgi_headers(app)({"type": "http", "headers": headers}, None, None))  # type: ignore[arg-type]
    assert seen["headers"] == headers


def test_cookies_beside_an_odd_one_are_kept() -> None:
    """It may be another program's on the same host."""
    seen: list[Any] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        seen.append(scope["headers"])

    headers = [(b"cookie", rb'session=abc; other="a\054b"; csrf=def')]
    for kind in ("http", "websocket"):
        scope = {"type": kind, "headers": headers}
        asyncio.run(mend_asgi_headers(app)(scope, None, None))  # type: ignore[arg-type]
    assert seen == [[(b"cookie", b"session=abc; csrf=def")]] * 2


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"path": "/api/" + "a" * 32_768}, "head_too_large"),
        ({"query_string": b"a" * 32_768}, "The address or the headers are too long"),
        ({"headers": [(b"x-a", b"b" * 16_400)] * 2}, "The address or the headers are too long"),
        ({"headers": [(b"x-a", b"b" * 16_000)] * 2, "query_string": b"a" * 500}, ""),
    ],
)
def test_address_and_headers_are_32_kib_at_most(part: dict[str, Any], told: str) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def app(_scope: Any, _receive: Any, _send: Any) -> None:
        sent.append("in")

    for kind in ("http", "websocket"):
        scope = {"type": kind, "path": "/", "query_string": b"", "headers": [], **part}
        asyncio.run(limit_asgi_head(app)(scope, None, send))  # type: ignore[arg-type]
    if not told:
        assert sent == ["in", "in"]
        return
    start, body, closed = sent
    assert (start["status"], closed["type"]) == (431, "websocket.close")
    assert told in body["body"].decode()
