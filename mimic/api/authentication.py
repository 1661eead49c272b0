"""Who calls the API."""

from __future__ import annotations

from rest_framework import authentication
from rest_framework.request import Request


class SessionAuthentication(authentication.SessionAuthentication):
    """The site's session cookie; unlike the parent it names a scheme, so anonymous means 401."""

    def authenticate_header(self, request: Request) -> str:
        return 'Session realm="mimic"'
