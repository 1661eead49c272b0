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
from django_otp.models import Device

from accounts import services
from accounts.models import User
from accounts.selectors import second_factor_of
from mimic.web.people import close_sockets_of


def connect() -> None:
    signals.authenticator_added.connect(_added, dispatch_uid="accounts.added")
    signals.authenticator_used.connect(_used, dispatch_uid="accounts.used")
    user_logged_in.connect(_logged_in, dispatch_uid="accounts.logged_in")
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
    records = get_authentication_records(request, user)
    shown = [record["id"] for record in records if record["method"] == "mfa"]
    if shown:
        django_otp.login(request, _device_of(user, shown[-1]))


def _device_of(user: User, authenticator_id: int) -> Device | None:
    """That of the app or passkey; a recovery code verifies in place of the one that was lost."""
    for device in django_otp.devices_for_user(user):
        if device.authenticator_id == authenticator_id:
            return device
    return second_factor_of(user)


def _password_changed(request: HttpRequest, user: User, **_kwargs: Any) -> None:
    """Other sessions end with the old password, and so do their sockets."""
    close_sockets_of(user.pk)
