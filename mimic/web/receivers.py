"""What the web layer hears from Django's sign-in machinery."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest

from mimic.web.people import close_sockets_of


def _close_sockets(request: HttpRequest, user: Any, **_: object) -> None:
    """Sent before the session is flushed, so its key still says which sockets are meant."""
    session_key = getattr(request, "session", None) and request.session.session_key
    if user is not None and session_key:
        close_sockets_of(user.pk, key=session_key)


def connect() -> None:
    user_logged_out.connect(_close_sockets, dispatch_uid="mimic.web.close_sockets")
