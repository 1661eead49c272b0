"""How programs say who they are: ``Authorization: Bearer``."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.utils import timezone
from django_otp.middleware import is_verified
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.models import TotpDevice, User
from accounts.selectors import totp_device
from accounts.tokens.access import read_access
from mimic.api.limits import hold_person, hold_stranger
from mimic.core.errors import NotAuthenticated

_SCHEME = "bearer"


class TokenAuthentication(BaseAuthentication):
    """An access token of ours. A header that is there and wrong is refused, whatever the cookie
    says: who shows a credential means it.
    """

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != _SCHEME:
            return None
        try:
            bearer = read_access(token.strip(), now=timezone.now())
        except NotAuthenticated:
            hold_stranger(request)
            raise
        hold_person(request, bearer.user.pk)
        device = totp_device(bearer.user) if _wants_device(bearer.user, bearer.family) else None
        return with_second_factor(bearer.user, device), bearer.family

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="mimic"'


def with_second_factor(user: User, device: TotpDevice | None) -> User:
    """What OTPMiddleware does for sessions: ``user.is_verified()`` can be asked."""
    user.otp_device = device  # type: ignore[attr-defined]
    user.is_verified = partial(is_verified, user)  # type: ignore[attr-defined]
    return user


def _wants_device(user: User, family: Any) -> bool:
    """Only the operators' part asks; a factor that was removed since the sign-in counts no more."""
    return bool(user.is_staff and family.second_factor)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document names it."""

    target_class = TokenAuthentication
    name = "access_token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": _SCHEME,
            "bearerFormat": "JWT",
            "description": "From POST /api/v1/auth/login; lives for 15 minutes.",
        }
