"""How programs say who they are: ``Authorization: Bearer`` or ``X-Api-Key``."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.utils import timezone
from django_otp.middleware import is_verified
from django_otp.models import Device
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts.key_use import count_use
from accounts.models import User
from accounts.program_selectors import key_shown
from accounts.selectors import second_factor_of
from accounts.tokens.access import read_access
from mimic.api.limits import a_minute, hold, hold_person, hold_stranger
from mimic.api.scopes import Scope, demand_scope, scope_of
from mimic.core.errors import NotAuthenticated
from mimic.core.network import client_ip, storable_address

KEY_HEADER = "X-Api-Key"
KEY_REFUSED = "The API key is not valid here."
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
        wanted = _wants_device(bearer.user, bearer.family)
        device = second_factor_of(bearer.user) if wanted else None
        return with_second_factor(bearer.user, device), bearer.family

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="mimic"'


class KeyAuthentication(BaseAuthentication):
    """An API key, for what its scopes allow; from its networks, as often as its tier allows."""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        secret = request.headers.get(KEY_HEADER)
        if secret is None:
            return None
        now, address = timezone.now(), client_ip(request._request)
        key = key_shown(secret, address=address, now=now)
        if key is None:
            hold_stranger(request)
            raise NotAuthenticated(KEY_REFUSED)
        hold(request, a_minute(key.tier), str(key.pk))
        count_use(key_id=key.pk, address=storable_address(address), now=now)
        demand_scope(request._request, key.scopes)
        return with_second_factor(key.user, None), key


def with_second_factor(user: User, device: Device | None) -> User:
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


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Only with operations that a scope opens."""

    target_class = KeyAuthentication
    name = "api_key"

    def get_security_requirement(self, auto_schema: Any) -> Any:
        scope = scope_of(auto_schema.method, auto_schema.path)
        return None if scope is None else super().get_security_requirement(auto_schema)

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "apiKey",
            "in": "header",
            "name": KEY_HEADER,
            "description": "From POST /api/v1/api-keys; does what its scopes allow: "
            + ", ".join(Scope),
        }
