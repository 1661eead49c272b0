"""allauth tells what happened to a second factor; the session learns that it is verified."""

from __future__ import annotations

from typing import Any

import django_otp
from allauth.account.authentication import get_authentication_records
from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from accounts import services
from accounts.models import User
from accounts.selectors import totp_device
from mimic.web.people import close_sockets_of


def connect() -> None:
    signals.authenticator_added.connect(_added, dispatch_uid="accounts.added")
    signals.authenticator_used.connect(_used, dispatch_uid="accounts.used")
    user_logged_in.connect(_logged_in, dispatch_uid="accounts.logged_in")
    for changed in (password_changed, password_reset, password_set):
        changed.connect(_password_changed, dispatch_uid="accounts.password_changed")


def _added(request: HttpRequest, authenticator: Authenticator, **_kwargs: Any) -> None:
    """Who has just typed the new app's first code has proved it."""
    if authenticator.type == Authenticator.Type.TOTP:
        django_otp.login(request, services.attach_device(authenticator=authenticator))


def _used(request: HttpRequest, user: User, reauthenticated: bool, **_kwargs: Any) -> None:
    """At sign-in nobody is signed in yet, so :func:`_logged_in` marks that session."""
    if reauthenticated:
        django_otp.login(request, totp_device(user))


def _logged_in(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    records = get_authentication_records(request, user)
    if any(record["method"] == "mfa" for record in records):
        django_otp.login(request, totp_device(user))


def _password_changed(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Other sessions end with the old password, and so do their sockets."""
    close_sockets_of(user.pk)
