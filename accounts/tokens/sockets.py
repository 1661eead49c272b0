"""Access tokens at the socket's door."""

from __future__ import annotations

from datetime import datetime

from accounts.selectors import second_factor_of
from accounts.tokens.access import read_access
from accounts.tokens.families import socket_key
from mimic.core.errors import NotAuthenticated
from mimic.web.sign_in import SignedIn
from mimic.web.tokens import TokenProof


def read_for_socket(token: str, now: datetime) -> SignedIn | None:
    """Who opens a socket with this token; None if it is no good.

    The second factor counts as in the API: for staff, while they still have one.
    """
    try:
        bearer = read_access(token, now=now)
    except NotAuthenticated:
        return None
    user, family = bearer.user, bearer.family
    shown = user.is_staff and family.second_factor and second_factor_of(user) is not None
    proof = TokenProof(socket_key(family.pk), token)
    return SignedIn(user, shown, proof, until=bearer.expires_at)
