"""What a socket may subscribe to. Upper layers register their channels in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Snapshot = Callable[[Any, str], dict[str, Any]]
"""``snapshot(user, channel)`` runs in a thread; returns the present state, JSON-ready."""


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """``public`` needs no sign-in; ``staff`` needs a member of staff with a second factor."""

    name: str
    public: bool
    staff: bool
    snapshot: Snapshot | None


_channels: dict[str, LiveChannel] = {}


def register_channel(
    name: str, *, public: bool, staff: bool = False, snapshot: Snapshot | None = None
) -> None:
    """A name that ends in ":" stands for a family: ``prices:`` admits ``prices:BTCUSDT``.

    Everyone with the right may subscribe; who gets which message is the publisher's choice
    (``people``). Raises ValueError for a channel that would be public and for staff at once.
    """
    if public and staff:
        raise ValueError(f"channel {name} cannot be public and for staff")
    _channels[name] = LiveChannel(name, public, staff, snapshot)


def find_channel(name: str) -> LiveChannel | None:
    """The registration that covers ``name``, if any."""
    family, colon, rest = name.partition(":")
    return _channels.get(f"{family}:") if colon and rest else _channels.get(name)


def kind_of(name: str) -> str:
    """The family's name: a label for metrics that cannot grow with instruments or rooms."""
    return name.partition(":")[0]
