"""Who opens a socket: the person whose session the cookie names, looked up for many at once.
Programs have no cookie and show a token (:mod:`mimic.web.tokens`).

The rules are those of ``django.contrib.auth.get_user`` over database sessions. Done here, two
queries serve a whole crowd that comes back; channels.auth asks for each socket, one after another.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any, Protocol

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import (
    BACKEND_SESSION_KEY,
    HASH_SESSION_KEY,
    SESSION_KEY,
    get_user_model,
)
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from mimic.core.fingerprint import Fingerprint, fingerprint_of, kept_fingerprint
from mimic.core.network import client_ip_of_scope
from mimic.web.loops import PerLoop, Together
from mimic.web.origins import Arrival, arrival_of

Application = Callable[[Any, Any, Any], Awaitable[None]]
_AT_ONCE = 100  # sessions are read by a thread: the event loop must get its turn in between
_OTP_SESSION_KEY = "otp_device_id"
IMPERSONATION = "impersonation"
"""The session's word for an operator who looks through somebody else's eyes."""
_KEY = re.compile(r"[a-z0-9]{8,40}")


class Proof(Protocol):
    """What a socket was signed in with. Whoever ends that sign-in tells its ``key``
    (:func:`mimic.web.people.close_sockets_of`).
    """

    @property
    def key(self) -> str: ...

    async def person(self) -> SignedIn | None:
        """Whose it is now; None when it is worth nothing any more."""
        ...


@dataclass(frozen=True, slots=True)
class SessionProof:
    """``key`` is the session's."""

    key: str

    async def person(self) -> SignedIn | None:
        return await signed_in_with(self.key)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """``second_factor``: the sign-in was confirmed with one. ``bound_to``: the browser it is of.
    ``until``: when the proof runs out by itself; None for sessions, which are looked up again.
    """

    user: Any
    second_factor: bool
    proof: Proof
    bound_to: Fingerprint | None = None
    until: datetime | None = None


def people_of(session_keys: Sequence[str]) -> list[SignedIn | None]:
    """Who is signed in with each session, in their order; None where nobody is (any more)."""
    kept = Session.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    store = SessionStore()
    sessions = {
        key: store.decode(data) for key, data in kept.values_list("session_key", "session_data")
    }
    numbers = [session[SESSION_KEY] for session in sessions.values() if SESSION_KEY in session]
    users = get_user_model().objects.filter(is_active=True).in_bulk(map(int, numbers))
    found = {key: _proved(key, session, users) for key, session in sessions.items()}
    return [found.get(key) for key in session_keys]


def _proved(key: str, session: dict[str, Any], users: dict[int, Any]) -> SignedIn | None:
    """A session made before the password changed carries another hash, and is nobody's. One that
    is looking through another's eyes hears nothing: pages show whom they see, sockets would not.
    """
    if IMPERSONATION in session:
        return None
    user = users.get(int(session.get(SESSION_KEY, 0)))
    if user is None or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return None
    given = session.get(HASH_SESSION_KEY, "")
    valid = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    if not any(constant_time_compare(given, each) for each in valid):
        return None
    verified = _OTP_SESSION_KEY in session
    return SignedIn(user, verified, SessionProof(key), kept_fingerprint(session))


async def signed_in_with(session_key: str) -> SignedIn | None:
    """The same for one session; those asked for at the same time are read together."""
    return await _lookups().ask(session_key)


_lookups: PerLoop[Together[str, SignedIn | None]] = PerLoop(
    lambda: Together(database_sync_to_async(people_of), _AT_ONCE)
)


def with_person(inner: Application) -> Application:
    """``scope["person"]`` is the :class:`SignedIn` of a socket, or None. A cookie counts only on
    our own pages: who is no browser could have it from anywhere.
    """

    async def application(scope: Any, receive: Any, send: Any) -> None:
        ours = arrival_of(scope) is Arrival.OWN_PAGE
        key = _session_key(scope["headers"]) if ours else ""
        person = await signed_in_with(key) if key else None
        theirs = person is not None and comes_from_there(person, scope)
        await inner({**scope, "person": person if theirs else None}, receive, send)

    return application


def comes_from_there(person: SignedIn, scope: Any) -> bool:
    """Whether a socket is of the browser and network that the session is held to, if it is."""
    agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
    shown = fingerprint_of(agent.decode("latin-1"), client_ip_of_scope(scope))
    return person.bound_to is None or person.bound_to.fits(shown)


def _session_key(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """From the cookie; empty when there is none, or what is there cannot be a session's."""
    for name, value in headers:
        if name == b"cookie":
            try:
                found = SimpleCookie(value.decode("latin-1")).get(settings.SESSION_COOKIE_NAME)
            except CookieError:
                return ""
            key = found.value if found is not None else ""
            return key if _KEY.fullmatch(key) else ""
    return ""
