"""Who calls the API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from mimic.api.limits import hold_person, hold_stranger
from mimic.core.error_views import CsrfFailed


class SessionAuthentication(authentication.SessionAuthentication):
    """The site's session cookie."""

    def authenticate(self, request: Request) -> Any:
        found = super().authenticate(request)
        if found is not None:
            hold_person(request, found[0].pk)
        return found

    def authenticate_header(self, request: Request) -> str:
        return 'Session realm="mimic"'

    def enforce_csrf(self, request: Request) -> None:
        """A browser sends the cookie for any page, so a change needs the token too."""
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied:
            raise CsrfFailed("Send the csrf cookie's value as X-CSRFToken.") from None


class Stranger(authentication.BaseAuthentication):
    """The last one asked: nobody was recognised, so the network is counted."""

    def authenticate(self, request: Request) -> None:
        hold_stranger(request)


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document names it."""

    target_class = SessionAuthentication
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "Sign in at /accounts/login/. Changes need the csrf cookie's value in "
            "the header X-CSRFToken as well.",
        }
