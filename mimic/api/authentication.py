"""Who calls the API."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from mimic.core.error_views import CsrfFailed


class SessionAuthentication(authentication.SessionAuthentication):
    """The site's session cookie; unlike the parent it names a scheme, so anonymous means 401."""

    def authenticate_header(self, request: Request) -> str:
        return 'Session realm="mimic"'

    def enforce_csrf(self, request: Request) -> None:
        """A browser sends the cookie for any page, so a change needs the token too."""
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied:
            raise CsrfFailed("Send the csrf cookie's value as X-CSRFToken.") from None


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
