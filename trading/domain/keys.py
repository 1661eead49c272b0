"""What a venue tells about exchange keys when it is asked with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from trading.domain.ports import AccountSession


@dataclass(frozen=True, slots=True)
class KeyReport:
    """``refused`` is our code when the venue plainly turned the keys down, else empty.

    None: the venue does not tell. ``margin_mode``: ``cross``, ``isolated``, ``mixed`` or empty.
    ``clock_ahead_ms``: how far our clock is ahead of the venue's.
    """

    refused: str = ""
    message: str = ""
    can_trade: bool | None = None
    can_withdraw: bool | None = None
    ip_restricted: bool | None = None
    hedge: bool | None = None
    margin_mode: str = ""
    clock_ahead_ms: int = 0


@runtime_checkable
class KeyInspector(Protocol):
    """A gateway that can tell what keys may do. Raises ``VenueUnavailable`` without an answer."""

    async def inspect(self, session: AccountSession) -> KeyReport: ...
