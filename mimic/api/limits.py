"""How often the API may be asked: strangers by their network, people and keys by themselves.

The counts are made where callers are recognised, so no view can forget them. How the caller stands
is told in the answer's headers (draft-ietf-httpapi-ratelimit-headers-07): ``RateLimit-Limit``,
``-Remaining`` and ``-Reset`` in seconds; a refusal (429) has ``Retry-After`` too.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from mimic.core.errors import TooManyRequests
from mimic.core.limits import Ask, Limit, Standing, judge
from mimic.core.middleware import StepMiddleware
from mimic.core.network import client_ip, neighbourhood
from mimic.ops.metrics import ratelimit_block

_SECONDS = 60
_STANDING = "limit_standing"


def hold_stranger(request: Request) -> None:
    """Count whoever has not shown who they are. Raises :class:`TooManyRequests`."""
    hold(request, a_minute("address"), neighbourhood(client_ip(request._request)))


def hold_person(request: Request, person_id: int) -> None:
    """Count a person, whichever way they signed in. Raises :class:`TooManyRequests`."""
    hold(request, a_minute("person"), str(person_id))


def a_minute(kind: str) -> Limit:
    """One of ``settings.API_REQUESTS_A_MINUTE``; a process alone lets as many through."""
    most = settings.API_REQUESTS_A_MINUTE[kind]
    return Limit(f"api-{kind}", most=most, seconds=_SECONDS, alone=most)


def hold(request: Request, limit: Limit, subject: str) -> None:
    """Count this request. Raises :class:`TooManyRequests` for one too many."""
    (standing,) = judge([Ask(limit, subject)])
    setattr(request._request, _STANDING, standing)
    if not standing.allowed:
        ratelimit_block.labels(limit.name).inc()
        raise TooManyRequests(retry_after=standing.wait_seconds)


class LimitHeadersMiddleware(StepMiddleware):
    """Tells how the caller stands, on answers and refusals alike."""

    def after(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        standing: Standing | None = getattr(request, _STANDING, None)
        if standing is not None:
            full = standing.remaining == 0
            reset = standing.wait_seconds if full else standing.limit.seconds
            response.headers["RateLimit-Limit"] = str(standing.limit.most)
            response.headers["RateLimit-Remaining"] = str(standing.remaining)
            response.headers["RateLimit-Reset"] = str(reset)
        return response
