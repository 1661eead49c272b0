"""Health, version and metrics."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from mimic.core.errors import Forbidden
from mimic.core.network import client_ip, parse_address, within
from mimic.ops.exporter import exposition
from mimic.ops.health import check_readiness


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked, so a database outage restarts nobody."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 with the passed checks, or the 503 problem ``not_ready``."""
    return JsonResponse({"status": "ready", "checks": check_readiness(timezone.now())})


@never_cache
@require_safe
def version(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        {
            "version": settings.APP_VERSION,
            "git_sha": settings.GIT_SHA,
            "environment": settings.APP_ENV,
        }
    )


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus exposition for listed networks, or whoever holds ``METRICS_TOKEN``."""
    if not (_from_listed_network(request) or _holds_token(request)):
        raise Forbidden
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _from_listed_network(request: HttpRequest) -> bool:
    """An unknown proxy on a listed network speaks for others: what it forwards does not count."""
    peer = parse_address(request.META.get("REMOTE_ADDR") or "")
    if "X-Forwarded-For" in request.headers and not within(peer, settings.TRUSTED_PROXIES):
        return False
    return within(parse_address(client_ip(request)), settings.METRICS_NETWORKS)


def _holds_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "")
    expected = f"Bearer {settings.METRICS_TOKEN}"
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(given.encode(), expected.encode())
