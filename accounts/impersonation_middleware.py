"""Through whose eyes a request sees."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django_otp.middleware import is_verified

from accounts.models import User
from accounts.services.impersonation import SEEN, LooksOnly, borrowed
from mimic.audit.services import record
from mimic.core.problems import error_response
from mimic.web.sign_in import IMPERSONATION

OWN = ("/admin/", "/accounts/", "/impersonation/", "/static/")
"""Where an operator stays themselves."""
_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


class ImpersonationMiddleware:
    """Behind the second factor's: ``request.user`` becomes whom an operator looks as,
    ``request.impersonator`` is the operator; whatever would change something is refused.
    """

    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Sessions are not read for strangers' sake: alerts come without a cookie.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path.startswith(OWN):
            return self.get_response(request)
        if IMPERSONATION not in request.session:
            return self.get_response(request)
        found = borrowed(request=request, now=timezone.now())
        if found is None:
            return self.get_response(request)
        request.impersonator = request.user  # type: ignore[attr-defined]
        request.impersonation = found  # type: ignore[attr-defined]
        request.user = _unverified(found.person)
        if request.method not in _LOOKING:
            return error_response(LooksOnly(), request)
        record(SEEN, target=found.person, facts={"page": request.path[:200]})
        return self.get_response(request)


def _unverified(person: User) -> User:
    """The operator's second factor is not the person's."""
    person.otp_device = None  # type: ignore[attr-defined]
    person.is_verified = partial(is_verified, person)  # type: ignore[attr-defined]
    return person
