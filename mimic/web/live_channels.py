"""What a socket may subscribe to. Upper layers register their channels in ``AppConfig.ready``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Snapshot = Callable[[Any, str], dict[str, Any]]
"""``snapshot(user, channel)`` runs in a thread; returns the present state, JSON-ready."""
States = Callable[[Sequence[str]], Mapping[str, dict[str, Any]]]
"""``states(channels)`` runs in a thread; the present state of those that exist, JSON-ready."""


@dataclass(frozen=True, slots=True)
class LiveChannel:
    """``public`` needs no sign-in; ``staff`` needs a member of staff with a second factor.

    ``states``: of a family of which not every name exists. Its publisher speaks only of names
    that somebody listens to (:func:`mimic.web.presence.watched_channels`).
    """

    name: str
    public: bool
    staff: bool
    snapshot: Snapshot | None
    states: States | None = None

    @property
    def has_snapshot(self) -> bool:
        return self.states is not None or self.snapshot is not None

    def present(self, user: Any, names: Sequence[str]) -> Mapping[str, dict[str, Any]]:
        """The present state of each of these channels, as far as there is one. Runs in a thread."""
        if self.states is not None:
            return self.states(names)
        if self.snapshot is None:
            return {}
        return {name: self.snapshot(user, name) for name in names}


_channels: dict[str, LiveChannel] = {}


def register_channel(
    name: str, *, public: bool, staff: bool = False, snapshot: Snapshot | None = None
) -> None:
    """A name that ends in ":" stands for a family: ``chat:`` admits ``chat:lobby``.

    Everyone with the right may subscribe; who gets which message is the publisher's choice
    (``people``). Raises ValueError for a channel that would be public and for staff at once.
    """
    if public and staff:
        raise ValueError(f"channel {name} cannot be public and for staff")
    _channels[name] = LiveChannel(name, public, staff, snapshot)


def register_watched(family: str, *, states: States) -> None:
    """A public family, ``family`` ends in ":"; a name without a state does not exist."""
    _channels[family] = LiveChannel(family, True, False, None, states)


def find_channel(name: str) -> LiveChannel | None:
    """The registration that covers ``name``, if any."""
    family, colon, rest = name.partition(":")
    return _channels.get(f"{family}:") if colon and rest else _channels.get(name)


def kind_of(name: str) -> str:
    """The family's name: a label for metrics that cannot grow with instruments or rooms."""
    return name.partition(":")[0]


def is_watched(name: str) -> bool:
    """Whether its publisher wants to know that somebody listens."""
    channel = find_channel(name)
    return channel is not None and channel.states is not None
