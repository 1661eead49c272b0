"""allauth tells what happened to a second factor; the session learns that it is verified."""

from __future__ import annotations

from typing import Any

import django_otp
from allauth.account.authentication import get_authentication_records
from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.http import HttpRequest
from django.utils import timezone
from django_otp.models import Device

from accounts import services
from accounts.middleware import BEGAN, ROW
from accounts.models import BrowserSession, User
from accounts.selectors import second_factor_of
from accounts.services import impersonation
from accounts.services.sessions import begin_session, end_other_sessions
from mimic.core.fingerprint import SESSION_KEY, fingerprint_of
from mimic.core.network import client_ip
from mimic.web.people import close_sockets_of


def connect() -> None:
    signals.authenticator_added.connect(_added, dispatch_uid="accounts.added")
    signals.authenticator_used.connect(_used, dispatch_uid="accounts.used")
    user_logged_in.connect(_logged_in, dispatch_uid="accounts.logged_in")
    user_logged_out.connect(_logged_out, dispatch_uid="accounts.logged_out")
    for changed in (password_changed, password_reset, password_set):
        changed.connect(_password_changed, dispatch_uid="accounts.password_changed")


def _added(request: HttpRequest, authenticator: Authenticator, **_kwargs: Any) -> None:
    """Who has just typed a new app's first code, or pressed a new passkey, has proved it."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        django_otp.login(request, services.attach_device(authenticator=authenticator))


def _used(
    request: HttpRequest, user: User, authenticator: Authenticator, reauthenticated: bool,
    **_kwargs: Any,
) -> None:  # fmt: skip
    """At sign-in nobody is signed in yet, so :func:`_logged_in` marks that session."""
    if reauthenticated:
        django_otp.login(request, _device_of(user, authenticator.pk))


def _logged_in(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    _bind(request, user)
    records = get_authentication_records(request, user)
    shown = [record["id"] for record in records if record["method"] == "mfa"]
    if shown:
        django_otp.login(request, _device_of(user, shown[-1]))


def _bind(request: HttpRequest, user: User) -> None:
    """The session to this browser and network. A sign-in by code of ours has no request to bind to
    (Django's ``force_login``).
    """
    shown = fingerprint_of(request.headers.get("User-Agent", ""), client_ip(request))
    if request.META:
        request.session[SESSION_KEY] = shown.kept()
    if request.session.session_key is None:  # somebody else's was flushed a moment ago
        request.session.save()
    key, now = str(request.session.session_key), timezone.now()
    row = begin_session(user=user, session_key=key, fingerprint=shown, now=now)
    request.session[ROW], request.session[BEGAN] = row.pk, now.timestamp()


def _logged_out(request: HttpRequest | None, user: User | None, **_kwargs: Any) -> None:
    """Sent before the session is flushed."""
    if request is not None:
        impersonation.end(request=request, why="signed_out")
    row: int = request.session.get(ROW, 0) if request is not None else 0
    BrowserSession.objects.filter(pk=row).delete()


def _device_of(user: User, authenticator_id: int) -> Device | None:
    """That of the app or passkey; a recovery code verifies in place of the one that was lost."""
    for device in django_otp.devices_for_user(user):
        if device.authenticator_id == authenticator_id:
            return device
    return second_factor_of(user)


def _password_changed(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Other sessions end with the old password, and so do their sockets. The one in which it was
    changed goes on under a new key.
    """
    row: int = request.session.get(ROW, 0)
    key = request.session.session_key
    BrowserSession.objects.filter(pk=row, user=user).update(session_key=key)
    end_other_sessions(user=user, keep=key if row else None)
    close_sockets_of(user.pk)
