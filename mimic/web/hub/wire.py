"""The two wires: publisher to web process through Redis, web process to browser.

In Redis: ``<n>\\n<json>`` where n counts every message of this hub, so that a process sees when
it missed one. To the browser ``{"v":1,"channel","epoch","seq","ts","type","data"}``; ``seq`` grows
by one for each message of a channel on that socket, a new ``epoch`` asks for a snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
from django.conf import settings
from redis.connection import parse_url

VERSION = 1
SEQUENCE_KEY = "mimic:hub:sequence"
TICK = "tick"
"""Messages of this type replace each other: a socket gets at most four a second of a channel."""


def topic() -> str:
    """Pub/sub ignores Redis databases, so the number is part of the name."""
    url: dict[str, Any] = parse_url(settings.REDIS_URL)  # type: ignore[no-untyped-call]
    return f"mimic:hub:{url.get('db', 0)}"


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} cannot go to a browser")


def dumps(value: Any) -> bytes:
    """JSON with decimals as strings. Raises TypeError for what JSON does not know."""
    return orjson.dumps(value, default=_plain)


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message in Redis: ``data`` for ``people`` (None: everyone), or ``each`` their own.

    Without a channel it is a bundle: ``each`` has channels instead of people, for everyone there.
    """

    channel: str
    type: str
    ts: str
    people: Sequence[int] | None
    data: Any
    each: Sequence[tuple[int | str, Any]]

    def opened(self) -> Sequence[Envelope]:
        """What is in a bundle; every other message is itself."""
        if self.channel:
            return [self]
        return [
            Envelope(str(channel), self.type, self.ts, None, data, ())
            for channel, data in self.each
        ]

    def encode(self) -> bytes:
        return dumps(
            {
                "c": self.channel,
                "t": self.type,
                "s": self.ts,
                "p": self.people,
                "d": self.data,
                "e": self.each,
            }
        )

    @classmethod
    def decode(cls, raw: bytes) -> Envelope:
        """Raises ValueError or KeyError for what no publisher of ours wrote."""
        found = orjson.loads(raw)
        return cls(found["c"], found["t"], found["s"], found["p"], found["d"], found["e"])


def timestamp() -> str:
    """Now, RFC 3339 UTC with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def tail(ts: str, type: str, data: Any) -> str:
    """The part of a browser's message that all sockets share; made once, whatever their number."""
    return f'"ts":"{ts}","type":{dumps(type).decode()},"data":{dumps(data).decode()}}}'


def frame(channel: str, epoch: int, sequence: int, shared: str) -> str:
    """A whole message for one socket. Channel names are plain words, so need no escaping."""
    return f'{{"v":{VERSION},"channel":"{channel}","epoch":{epoch},"seq":{sequence},{shared}'
