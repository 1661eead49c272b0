"""Through whose eyes a request sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django_otp.middleware import is_verified

from accounts.models import User
from accounts.services.impersonation import (
    SEEN,
    TRIED,
    LooksOnly,
    borrowed,
    end_if_ended_elsewhere,
    kept_by,
)
from mimic.audit.services import record
from mimic.core.problems import error_response
from mimic.core.redaction import redact_text

OWN = ("/admin/", "/accounts/", "/impersonation/", "/static/")
"""Where an operator stays themselves."""
LONGEST_PAGE: Final = 200
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
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        kept = kept_by(request.session)
        answer = self._answer(request) if kept else self.get_response(request)
        end_if_ended_elsewhere(request=request, since=kept)
        return answer

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(OWN):
            return self.get_response(request)
        found = borrowed(request=request, now=timezone.now())
        if found is None:
            return self.get_response(request)
        request.impersonator = request.user  # type: ignore[attr-defined]
        request.impersonation = found  # type: ignore[attr-defined]
        request.user = _unverified(found.person)
        page = redact_text(request.path, limit=LONGEST_PAGE)
        if request.method not in _LOOKING:
            facts = {"page": page, "method": str(request.method)[:10]}
            record(TRIED, target=found.person, facts=facts)
            return error_response(LooksOnly(), request)
        record(SEEN, target=found.person, facts={"page": page})
        with _only_reading():
            return self.get_response(request)


@contextmanager
def _only_reading() -> Iterator[None]:
    """Whatever a page does that should only look, Postgres lets it write nothing. The session is
    the operator's, and saved outside.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
        yield


def _unverified(person: User) -> User:
    """The operator's second factor is not the person's."""
    person.otp_device = None  # type: ignore[attr-defined]
    person.is_verified = partial(is_verified, person)  # type: ignore[attr-defined]
    return person
