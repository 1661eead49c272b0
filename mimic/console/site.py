"""The admin site: staff with a verified second factor, and nobody else.

One login serves everybody (allauth's). Strangers are sent there, other people see no console at
all (404), staff without an authenticator app set one up, staff whose session has not shown a code
are asked for one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext_lazy as _
from django_otp import user_has_device

from mimic.console import dashboard, panels, sidebar
from mimic.console.policy import CONSOLE_CSP
from mimic.console.skin import UNFOLD, SkinSite

View = Callable[..., HttpResponseBase]


class SecondFactorGate(SkinSite):
    """Who comes in. Kept apart from what they see."""

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        return bool(user.is_active and user.is_staff and user.is_verified())  # type: ignore[attr-defined]

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        guarded = super().admin_view(view, cacheable)

        def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.user.is_authenticated and not request.user.is_staff:
                raise Http404
            return guarded(request, *args, **kwargs)

        gate.csrf_exempt = True  # type: ignore[attr-defined]  # ``guarded`` protects itself
        return csp_replace(CONSOLE_CSP)(gate)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponseRedirect:
        """Send people to the step that lets them in; this site has no login form of its own."""
        wanted = _safe_next(request) or reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(wanted)
        if not request.user.is_authenticated:
            step = "account_login"
        elif not request.user.is_staff:
            raise Http404
        elif user_has_device(request.user):
            step = "mfa_reauthenticate"
        else:
            step = "mfa_activate_totp"
        return redirect(f"{reverse(step)}?{urlencode({REDIRECT_FIELD_NAME: wanted})}")

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")


class ConsoleSite(SecondFactorGate):
    """What they see: our tiles on the front page, the sidebar by job."""

    site_title = site_header = "MIMIC"
    index_title = _("Console")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        badges = path("badges/", self.admin_view(sidebar.badges), name="badges")
        front = path("front/", self.admin_view(self.front), name="front")
        return [badges, front, *super().get_urls()]

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        context = {**(extra_context or {}), **_front(request), "unfold": UNFOLD}
        return super().index(request, context)

    def front(self, request: HttpRequest) -> TemplateResponse:
        """The part of the front page that console.js draws anew every few seconds."""
        return TemplateResponse(request, "admin/front.html", _front(request))


def _front(request: HttpRequest) -> dict[str, Any]:
    return {
        "tiles": dashboard.tiles(request),
        "panels": panels.panels(request),
        "drawn_at": timezone.now(),
    }


def environment_badge(_request: HttpRequest) -> list[str]:
    """Unfold's ENVIRONMENT callback: the text and its colour."""
    colours = {"production": "danger", "staging": "warning"}
    return [settings.APP_ENV, colours.get(settings.APP_ENV, "info")]


def _safe_next(request: HttpRequest) -> str:
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe and wanted.startswith("/") else ""
