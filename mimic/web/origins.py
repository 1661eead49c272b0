"""Which pages may open a socket. Browsers send cookies with sockets from any site, so we check.

Every browser names the page's origin (RFC 6455 §4.1); what sends none is a program.
"""

from __future__ import annotations

from enum import Enum
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http.request import validate_host

_PORTS = {"http": 80, "https": 443}


class Arrival(Enum):
    """Where a socket comes from."""

    OWN_PAGE = "own page"
    FOREIGN_PAGE = "foreign page"
    PROGRAM = "program"


def arrival_of(scope: dict[str, Any]) -> Arrival:
    """A program has no Origin header at all; an empty or unreadable one is a foreign page's."""
    if not any(name == b"origin" for name, _ in scope["headers"]):
        return Arrival.PROGRAM
    return Arrival.OWN_PAGE if is_own_origin(scope) else Arrival.FOREIGN_PAGE


def _header(scope: dict[str, Any], wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


def _place(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)


def is_own_origin(scope: dict[str, Any]) -> bool:
    """The Origin header is SITE_URL's, or the very host that was asked if we answer to it."""
    try:
        origin = urlsplit(_header(scope, b"origin").lower())
        if not origin.hostname or origin.scheme not in _PORTS:
            return False
        if _place(origin) == _place(urlsplit(settings.SITE_URL)):
            return True
        asked = urlsplit(f"{origin.scheme}://{_header(scope, b'host').lower()}")
        return _place(origin) == _place(asked) and validate_host(
            origin.hostname, settings.ALLOWED_HOSTS
        )
    except ValueError:
        return False
