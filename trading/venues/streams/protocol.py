"""What a venue must say about its user streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from trading.domain.news import Breach, ExitNews, News, OrderNews
from trading.domain.ports import Credentials, FillReport
from trading.venues.listing import Listing


@dataclass(frozen=True, slots=True)
class Door:
    """Where to connect, and what the request for it must say. ``key`` is what the venue gave us
    for it, if it gives one.
    """

    url: str
    key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. ``renew``: a connection is replaced by us before the venue ends it. ``silence``:
    without any message for so long it is dead, where the venue answers pings of its own (where it
    does not, the protocol's pings tell). ``keep``: the key is kept alive so often. 0: never.
    """

    renew: float
    silence: float = 0.0
    keep: float = 0.0


class StreamEnded(Exception):
    """The stream goes on no longer, whatever its socket does."""

    def __init__(self, breach: Breach, message: str = "") -> None:
        super().__init__(message)
        self.breach = breach
        self.message = message


class UserStreams(Protocol):
    """One object a venue, without state. ``client`` is the adapter's, signed in for one account.

    A door is opened, ``login`` is sent through it; each answer goes to ``next`` until it says
    that we are in. From then on messages go to ``read``.
    """

    @property
    def pace(self) -> Pace: ...

    @property
    def ping(self) -> str:
        """The venue's own sign of life, sent at half the pace's silence; empty: it has none."""
        ...

    @property
    def tells_fills(self) -> bool:
        """Whether each trade is told; else sums of orders are, and it is :class:`OrderFills`."""
        ...

    @property
    def tells_exits(self) -> bool:
        """Whether stops and targets that close are told; else they can only be asked for."""
        ...

    async def open(self, client: Any, base: str, *, demo: bool) -> Door:
        """``base`` replaces the venue's hosts (``ws://…``). Raises as the client does, or
        StreamEnded for keys that are refused.
        """
        ...

    async def keep(self, client: Any, door: Door) -> None:
        """Raises StreamEnded when the door's key is gone."""
        ...

    async def orders(self, client: Any, listing: Listing, venue_order_id: str) -> list[OrderNews]:
        """By REST: the symbol's open orders, or the named one (none, if the venue has none such).

        Raises as the client and the readers do.
        """
        ...

    async def exits(self, client: Any, listings: Mapping[str, Listing]) -> list[ExitNews]:
        """By REST: every stop and target that waits now, of all symbols. Raises as above."""
        ...

    def login(self, keys: Credentials, at_ms: int) -> Sequence[str]:
        """Nothing: whoever knows the door is in."""
        ...

    def next(self, message: Any) -> Sequence[str] | None:
        """What to send upon an answer before we are in; None: we are in now.

        Raises StreamEnded when the venue does not let us in.
        """
        ...

    def read(self, message: Any, listings: Mapping[str, Listing]) -> list[News]:
        """News of one message, none for what does not concern us. Raises StreamEnded when the
        venue says so, anything else for a shape that we should know and do not.
        """
        ...


@runtime_checkable
class OrderFills(Protocol):
    """Optional: a venue that can be asked for the trades of one order, however old."""

    async def fills(self, client: Any, listing: Listing, venue_order_id: str) -> list[FillReport]:
        """By REST, all of them. Raises as the client and the readers do."""
        ...


@runtime_checkable
class NumberedStreams(Protocol):
    """Optional: a venue that numbers what it tells, so that it shows when something is missing."""

    def number(self, message: Any) -> tuple[str, int] | None:
        """The channel and the message's number; None for what has none."""
        ...
