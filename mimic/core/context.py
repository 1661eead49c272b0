"""What a log line or an outgoing job says about the request it belongs to."""

from __future__ import annotations

import re
from contextvars import ContextVar
from random import getrandbits
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.functional import LazyObject, empty

current_request: ContextVar[HttpRequest | None] = ContextVar("current_request", default=None)

_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,127}")


def accepted_request_id(offered: str | None) -> str:
    """The caller's ``X-Request-Id`` when it is 8-128 harmless characters, else a new UUIDv4."""
    return offered if offered and _WELL_FORMED.fullmatch(offered) else new_request_id()


def new_request_id() -> str:
    """A UUIDv4 that nobody has to guess at: asking the kernel for noise hands the GIL away."""
    return str(UUID(int=getrandbits(128), version=4))


def request_id_of(request: Any) -> str:
    """The id given by the middleware; a new one for a request that never met it."""
    known: str | None = getattr(request, "request_id", None)
    return known or new_request_id()


def known_user(request: Any) -> Any:
    """Who asked, if the request has looked that up already; never a query of its own."""
    user = getattr(request, "user", None)
    if isinstance(user, LazyObject) and user.__dict__.get("_wrapped") is empty:
        return None
    return user


def known_user_id(request: Any) -> int | None:
    """The key of :func:`known_user`."""
    key: int | None = getattr(known_user(request), "pk", None)
    return key
