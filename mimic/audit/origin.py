"""Where a deed comes from: the request that is being served, or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import structlog
from django.http import HttpRequest

from mimic.core.context import current_request, known_user
from mimic.core.network import client_ip

MOST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Origin:
    """Without a request (a job, a sweeper, a command) only the request id may be known."""

    actor_id: int | None = None
    role: str = ""
    on_behalf_of: int | None = None
    address: str = ""
    user_agent: str = ""
    request_id: str = ""


def origin() -> Origin:
    """That of the request in this thread or task; never a query of its own."""
    request = current_request.get()
    if request is None:
        return Origin(request_id=str(structlog.contextvars.get_contextvars().get("request_id", "")))
    return _of(request)


def _of(request: HttpRequest) -> Origin:
    person: Any = known_user(request)
    behind: Any = getattr(request, "impersonator", None)
    actor = behind or person
    return Origin(
        actor_id=getattr(actor, "pk", None),
        role=getattr(actor, "role", ""),
        on_behalf_of=person.pk if behind else None,
        address=client_ip(request),
        user_agent=request.headers.get("User-Agent", "")[:MOST_AGENT],
        request_id=getattr(request, "request_id", ""),
    )
