"""The switch for maintenance: ``MAINTENANCE`` in the environment of the web processes."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from mimic.core.errors import ServiceUnavailable
from mimic.core.middleware import StepMiddleware
from mimic.core.problems import error_response

RETRY_AFTER_S: Final = 60
# What may never be shut: whoever must stop trading can sign in and do it, alerts are taken in
# (a close among them), and machines are told the truth about our health.
OPEN: Final = (
    "/admin/", "/accounts/", "/panic", "/webhook/", "/api/v1/admin/", "/api/v1/kill",
    "/api/v1/panic", "/health/", "/version", "/metrics", "/static/",
)  # fmt: skip


class Maintenance(ServiceUnavailable):
    """Come back after ``Retry-After``; nothing was done, and open positions are looked after."""

    code, status, title = "maintenance", 503, "Under maintenance"

    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(RETRY_AFTER_S)}


class MaintenanceMiddleware(StepMiddleware):
    """Inside the languages, so that the page is in the browser's; outside of everything else."""

    def before(self, request: HttpRequest) -> HttpResponseBase | None:
        if not settings.MAINTENANCE or request.path.startswith(OPEN):
            return None
        return error_response(Maintenance(), request)
