"""One authenticated message on its way in, and what became of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

SAME_BODY_WINDOW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Delivery:
    """``sameness`` tells a message from another; None: only the body does, and for 60 s."""

    door: str
    body: bytes
    stored_body: str
    content_type: str
    remote_address: str | None
    sameness: str | None
    received_at: datetime

    @property
    def fingerprint(self) -> bytes:
        """A digest of what makes it the same message, whichever strategy it is for."""
        told_apart_by = self.sameness.encode() if self.sameness else self.body
        return hashlib.sha256(
            f"{self.door}\n{bool(self.sameness)}\n".encode() + told_apart_by
        ).digest()

    def key_of(self, strategy_id: int) -> bytes:
        """The inbox key's digest; the same as ``sha256(int8send(id) || fingerprint)`` in SQL."""
        return hashlib.sha256(strategy_id.to_bytes(8, "big") + self.fingerprint).digest()

    @property
    def key_expires_at(self) -> datetime | None:
        return None if self.sameness else self.received_at + SAME_BODY_WINDOW


@dataclass(frozen=True, slots=True)
class Received:
    """Public ids of the message as stored and of its signals, and whether it had come before.

    ``signal_id`` is the last one, which says where it leads; a reversal has two.

    A message that came before may have left with its month; its key and its signal stay.
    """

    message_id: str | None
    signal_id: str | None
    duplicate: bool
    signal_ids: tuple[str, ...] = ()
