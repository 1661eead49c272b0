"""Request headers that Django cannot read are mended before it tries: nobody's header is a 500.

Django 5.2 parses ``Content-Type`` while it makes the request, outside of any middleware, and
raises on some that it should ignore (``text/plain; a*=x''y``, ``charset*=utf-8''%00``). A cookie
may spell NUL in octal (``"\\000"``), which PostgreSQL refuses as a session key; and Pythons before
3.11.10 take a second for 20 kB of backslashes in one (CVE-2024-7592). None of ours has any.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.http import parse_header_parameters

from mimic.core.body_limit import AsgiApp, WsgiApp

_ESCAPE = "\\"


def mend_asgi_headers(app: AsgiApp) -> AsgiApp:
    """Wrap pages, API and sockets; scopes without headers pass untouched."""

    async def mended(scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = [
            (name, _mended(name.decode("latin-1"), value.decode("latin-1")).encode("latin-1"))
            for name, value in scope.get("headers", ())
        ]
        await app({**scope, "headers": headers}, receive, send)

    return mended


def mend_wsgi_headers(app: WsgiApp) -> WsgiApp:
    """Wrap the WSGI application."""

    def mended(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        for key, name in (("CONTENT_TYPE", "content-type"), ("HTTP_COOKIE", "cookie")):
            if key in environ:
                environ[key] = _mended(name, environ[key])
        return app(environ, start_response)

    return mended


def _mended(name: str, value: str) -> str:
    if name == "cookie" and _ESCAPE in value:
        return ";".join(pair for pair in value.split(";") if _ESCAPE not in pair)
    if name == "content-type" and not _parses(value):
        return value.partition(";")[0]
    return value


def _parses(content_type: str) -> bool:
    try:
        _, parameters = parse_header_parameters(content_type)
        b"a=1".decode(parameters.get("charset", "utf-8"))  # Django decodes queries with it
    except (ValueError, LookupError):
        return False
    return True
