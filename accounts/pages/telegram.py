"""Signing in with Telegram, and linking it: over there and back, without a script of theirs.

Telegram's login page sends the browser back with the signed fields behind ``#`` or in the query;
``telegram.js`` puts them into the form of the page. What was begun in another browser ends nothing
here: ``state`` lies in the session and is good once (RFC 9700, 4.7).
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.lockout import hold_address
from accounts.models import TelegramAccount
from accounts.pages.step_up import proved_recently
from accounts.services.telegram import (
    TelegramTaken,
    link_telegram,
    person_at_telegram,
    spend_payload,
    telegram_refused,
    unlink_telegram,
)
from accounts.telegram.checks import LONGEST, Told, read_login
from mimic.core.network import client_ip
from mimic.core.tokens import generate_token, same_secret

STATE = "telegram_state"


@login_required
@require_GET
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    linked = TelegramAccount.objects.filter(user=user).first()
    context = {"linked": linked, "offered": bool(settings.TELEGRAM_BOT_TOKEN)}
    return render(request, "security/telegram.html", context)


@require_GET
@never_cache
def start(request: HttpRequest) -> HttpResponse:
    """To Telegram, to sign in."""
    if request.user.is_authenticated:
        return redirect("telegram")
    return _leave(request, "sign-in")


@login_required
@require_GET
@never_cache
@proved_recently
def link(request: HttpRequest) -> HttpResponse:
    """To Telegram, to link it with who is signed in and has just proved it."""
    return _leave(request, "link")


@require_http_methods(["GET", "POST"])
@never_cache
def back(request: HttpRequest) -> HttpResponse:
    """GET shows the form, POST carries out what was begun. Raises TooManyRequests."""
    if request.method != "POST":
        fields = {name: value for name, value in request.GET.items() if name != "state"}
        given = json.dumps(fields) if "hash" in fields else ""
        context = {"state": request.GET.get("state", ""), "result": given}
        return render(request, "security/telegram_back.html", context)
    hold_address(client_ip(request))
    begun: dict[str, str] = request.session.pop(STATE, {})
    told = _told(request.POST.get("result", ""))
    known = same_secret(request.POST.get("state", ""), begun.get("state", ""))
    if told is None or not known or not spend_payload(told=told, now=timezone.now()):
        telegram_refused(told)
        return _refused(request, gettext("Telegram's answer was not accepted. Try again."))
    return _DEEDS[begun["deed"]](request, told, begun["next"])


@login_required
@require_POST
@proved_recently
def unlink(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    if unlink_telegram(user=user):
        messages.success(request, gettext("Telegram does not sign you in any more."))
    return redirect("telegram")


def _leave(request: HttpRequest, deed: str) -> HttpResponse:
    if not settings.TELEGRAM_BOT_TOKEN:
        raise Http404
    begun = {"state": generate_token(), "deed": deed, "next": get_next_redirect_url(request) or ""}
    request.session[STATE] = begun
    path = reverse("telegram-back") + "?" + urlencode({"state": begun["state"]})
    query = {
        "bot_id": settings.TELEGRAM_BOT_TOKEN.partition(":")[0],
        "origin": settings.SITE_URL,
        "return_to": settings.SITE_URL + path,
    }
    return redirect(f"{settings.TELEGRAM_OAUTH_URL}/auth?{urlencode(query)}")


def _told(result: str) -> Told | None:
    """The fields as JSON, or the base64 of it that Telegram puts behind ``#``."""
    if not settings.TELEGRAM_BOT_TOKEN or len(result) > LONGEST:
        return None
    try:
        text = result if result.startswith("{") else _decoded(result)
        fields = json.loads(text)
    except (ValueError, RecursionError, binascii.Error):
        return None
    if not isinstance(fields, dict):
        return None
    given = {str(name): str(value) for name, value in fields.items()}
    return read_login(given, token=settings.TELEGRAM_BOT_TOKEN, now=timezone.now())


def _decoded(text: str) -> str:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()


def _sign_in(request: HttpRequest, told: Told, wanted: str) -> HttpResponse:
    """As far as a password would: whoever has a second factor is asked for it next."""
    user = person_at_telegram(told)
    if user is None:
        telegram_refused(told)
        text = gettext("This Telegram account is linked to nobody here. Sign in, then link it.")
        return _refused(request, text)
    record_authentication(request, user, method="telegram")
    answer: HttpResponse = perform_login(request, Login(user=user, redirect_url=wanted or None))
    return answer


def _link(request: HttpRequest, told: Told, _wanted: str) -> HttpResponse:
    user: Any = request.user
    if not user.is_authenticated:
        return _refused(request, gettext("Telegram's answer was not accepted. Try again."))
    try:
        link_telegram(user=user, told=told, now=timezone.now())
    except TelegramTaken as refusal:
        messages.error(request, gettext(refusal.title))
    else:
        messages.success(request, gettext("Telegram is linked: it signs you in from now on."))
    return redirect("telegram")


_DEEDS = {"sign-in": _sign_in, "link": _link}


def _refused(request: HttpRequest, text: str) -> HttpResponse:
    messages.error(request, text)
    return redirect("telegram" if request.user.is_authenticated else "account_login")
