"""A fresh code before a dangerous deed, and who counts as an operator."""

from __future__ import annotations

from functools import wraps
from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.selectors import second_factor_of
from accounts.services import SecondFactorMissing, SecondFactorRefused, verify_second_factor
from mimic.api.contract import Handler, reads_header, refuses
from mimic.api.schema import header
from mimic.core.errors import Forbidden, NotAuthenticated

HEADER = "X-Second-Factor"
_PARAMETER: OpenApiParameter = header(
    HEADER,
    "A fresh code from your authenticator app, or a passkey's proof.",
    pattern="^([0-9]{6,8}|pk_[A-Za-z0-9_-]{32})$",
)


class SecondFactorNeeded(Forbidden):
    """Staff act with a session that has shown a code: sign in again with yours."""

    code, status, title = "second_factor_needed", 403, "This session has not shown a code yet"


def asks_for_code(handler: Handler) -> Handler:
    """For handlers that call :func:`spend_code` once they know what is wanted.

    Without the header nothing is looked at; a code is spent only on a request that makes sense.
    """

    @wraps(handler)
    def asked(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        if not request.headers.get(HEADER):
            missing = second_factor_of(person_of(request)) is None
            raise SecondFactorMissing if missing else SecondFactorRefused(f"Send it as {HEADER}.")
        answer: Response = handler(view, request, *args, **kwargs)
        return answer

    noted = refuses(SecondFactorMissing, SecondFactorRefused)(asked)
    return reads_header(_PARAMETER)(noted)  # type: ignore[return-value]


def spend_code(request: Request) -> None:
    """Raises SecondFactorMissing, SecondFactorRefused."""
    verify_second_factor(user=person_of(request), code=request.headers[HEADER])


def person_of(request: Request) -> User:
    """Who asks. Raises NotAuthenticated for nobody."""
    if not isinstance(request.user, User):
        raise NotAuthenticated()
    return request.user


@refuses(Forbidden, SecondFactorNeeded)
class IsOperator(BasePermission):
    """Staff with a verified second factor and ``permission``, as in the console."""

    permission = ""

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        if not user.is_authenticated or not user.is_staff:
            return False
        if not user.is_verified():
            raise SecondFactorNeeded()
        return bool(user.has_perm(self.permission))
