"""Every channel of the sockets for every kind of listener. One that nobody declared here fails."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Role, User
from mimic.web import live_channels
from mimic.web.consumers import SocketConsumer
from mimic.web.sign_in import SessionProof, SignedIn
from mimic.web.socket_requests import Request, RequestRefused

pytestmark = [pytest.mark.security(2), pytest.mark.security(18)]
EVERYBODY, THEIR_OWN, STAFF = "everybody", "their own", "staff with a code"
CHANNELS = {
    "system": EVERYBODY,
    "prices:": EVERYBODY,
    **dict.fromkeys(
        ("signals", "summary", "receipts", "orders", "trades", "positions", "balance", "equity",
         "approvals", "guards"),
        THEIR_OWN,
    ),
}  # fmt: skip
"""Who may subscribe. What is their own goes to nobody else: test_sockets_rows.py."""
LISTENERS: dict[str, tuple[Role | None, bool]] = {
    "a stranger": (None, False),
    **{f"a {role.value}": (role, False) for role in Role},
    **{f"a {role.value} with a code": (role, True) for role in Role},
}


def _may(who: str, channel: str) -> bool:
    role, code = LISTENERS[who]
    kind = CHANNELS[channel]
    if kind == STAFF:
        return role in (Role.OWNER, Role.ADMIN, Role.SUPPORT) and code
    return kind == EVERYBODY or role is not None


def _person(who: str) -> SignedIn | None:
    role, code = LISTENERS[who]
    if role is None:
        return None
    staff = role in (Role.OWNER, Role.ADMIN, Role.SUPPORT)
    return SignedIn(User(role=role, is_staff=staff), code, SessionProof("x"))


def _is_let_in(listener: Any, channel: str) -> bool:
    socket = SocketConsumer()
    socket.scope = {"person": listener}
    name = f"{channel}x:y" if channel.endswith(":") else channel
    try:
        socket._allowed(name, Request("subscribe", [name], None))
    except RequestRefused:
        return False
    return True


def test_every_channel_says_who_may_listen() -> None:
    assert set(live_channels._channels) == set(CHANNELS)


@pytest.mark.parametrize("who", LISTENERS)
def test_whoever_listens_is_let_to_what_they_may_hear(who: str) -> None:
    heard = {channel for channel in CHANNELS if _is_let_in(_person(who), channel)}
    assert heard == {channel for channel in CHANNELS if _may(who, channel)}
