"""Addresses and headers of one request are 32 KiB at most, together.

Servers take ten times as much, and nearly everything that reads a header takes longer the longer
it is. nginx's own bound is the same (``large_client_header_buffers``, 4 of 8k).
"""

from __future__ import annotations

from typing import Any, Final

from mimic.core.body_limit import AsgiApp
from mimic.core.early_answers import refuse
from mimic.core.errors import MimicError

MOST: Final = 32_768


class HeadTooLarge(MimicError):
    code, status, title = "head_too_large", 431, "The address or the headers are too long"


def limit_asgi_head(app: AsgiApp) -> AsgiApp:
    """Wrap pages, API and sockets."""

    async def limited(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket") and _length(scope) > MOST:
            await refuse(HeadTooLarge(), {**scope, "path": scope["path"][:100]}, send)
            return
        await app(scope, receive, send)

    return limited


def _length(scope: dict[str, Any]) -> int:
    headers = sum(len(name) + len(value) for name, value in scope["headers"])
    return headers + len(scope["path"]) + len(scope.get("query_string", b""))
