"""Whose request it is: their zone and language, and whether it is still their browser."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext, gettext_lazy

from accounts.session_use import note_seen
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.fingerprint import fingerprint_of, kept_fingerprint
from mimic.core.network import client_ip
from mimic.core.problems import is_for_programs

SESSION_REFUSED = declare(
    "accounts.session.refuse", gettext_lazy("Session ended: not theirs, or old")
)
LONGEST_SIGN_IN = timedelta(days=30)
ROW, BEGAN = "browser_session", "signed_in_at"
"""Where a session says which row tells of it, and when it began (Unix seconds)."""


class PreferencesMiddleware:
    """Activates the signed-in person's zone and language for the request.

    Anonymous people keep what LocaleMiddleware found in their browser's header.
    """

    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        with timezone.override(ZoneInfo(request.user.time_zone)):
            if not request.user.locale:
                return self.get_response(request)
            with translation.override(request.user.locale):
                return self.get_response(request)


class SessionGuardMiddleware:
    """A session that turns up in another browser or network, or is a month old, ends: the person
    signs in again. It costs no query. What is answered to a person is theirs: nothing on the way
    keeps it, and nor does the browser after they signed out (OWASP ASVS 5.0, 14.3.2).
    """

    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            if not _still_theirs(request):
                _ask_again(request)
            elif row := request.session.get(ROW):
                note_seen(row_id=row, now=timezone.now())
        answer = self.get_response(request)
        if request.user.is_authenticated:
            answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer


def _still_theirs(request: HttpRequest) -> bool:
    kept = kept_fingerprint(request.session)
    shown = fingerprint_of(request.headers.get("User-Agent", ""), client_ip(request))
    if kept is not None and not kept.fits(shown):
        return False
    began = request.session.get(BEGAN)
    return began is None or time.time() - began < LONGEST_SIGN_IN.total_seconds()


def _ask_again(request: HttpRequest) -> None:
    person: Any = request.user
    record(SESSION_REFUSED, target=person)
    logout(request)
    if not is_for_programs(request.path):
        messages.info(
            request,
            gettext("You were signed in from another browser or network. Please sign in again."),
        )
