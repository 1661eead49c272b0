"""What one process knows of a route's holds and breakers, by its own monotonic clock.

Redis has the truth; a view is at most :data:`VIEW_SECONDS` old when an order is posted. What the
process itself learned from an answer is in its view at once.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from trading.venues.limits import Scope

VIEW_SECONDS = 0.1
_INITIALS = {"ip": "e", "account": "a"}


class Breaker(NamedTuple):
    """``state``: closed, open or half_open. Times in Redis's milliseconds."""

    state: str
    failures: int
    until_ms: int
    opened_ms: int

    @classmethod
    def parse(cls, text: str) -> Breaker:
        state, failures, _since, until, _trips, opened, _probed = map(int, text.split(":"))
        return cls(("closed", "open", "half_open")[state], failures, until, opened)


def hold_field(scope: Scope | None, name: str | int, *, closes: bool) -> str:
    """The field of a hold: of an address, an account, or (scope None) the whole venue."""
    who = "v" if scope is None else f"{_INITIALS[scope]}|{name}"
    return f"{'all' if closes else 'opens'}|{who}"


def texts(flat: Iterable[bytes]) -> dict[str, str]:
    """A flat list of fields and values, as scripts return hashes."""
    words = [word.decode() for word in flat]
    return dict(zip(words[::2], words[1::2], strict=True))


@dataclass(slots=True)
class View:
    """Monotonic seconds throughout. ``at`` is when Redis was last asked; minus infinity: never.

    ``own`` are holds that this process still has to tell the others. ``troubled`` are scopes with
    failures, which a success must end.
    """

    at: float = float("-inf")
    holds: dict[str, float] = field(default_factory=dict)
    own: dict[str, float] = field(default_factory=dict)
    broken: dict[str, float] = field(default_factory=dict)  # scope to when its breaker opened
    troubled: frozenset[str] = frozenset()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def refresh(
        self, now: float, redis_ms: int, holds: Mapping[str, str], breakers: Mapping[str, str]
    ) -> None:
        """Take over Redis's word, and keep what it has not been told yet."""
        told = {name: now + (int(until) - redis_ms) / 1000 for name, until in holds.items()}
        read = {scope: Breaker.parse(text) for scope, text in breakers.items()}
        with self._lock:
            for name, until in self.own.items():
                told[name] = max(until, told.get(name, 0.0))
            self.holds = told
            self.broken = {
                scope: now + (each.opened_ms - redis_ms) / 1000
                for scope, each in read.items()
                if each.state != "closed"
            }
            self.troubled = frozenset(read)
            self.at = now

    def hold(self, name: str, until: float) -> None:
        with self._lock:
            self.own[name] = max(until, self.own.get(name, 0.0))
            self.holds = self.holds | {name: max(until, self.holds.get(name, 0.0))}

    def told(self, names: Mapping[str, float]) -> None:
        """The others know of these holds now; one that grew meanwhile is still to be told."""
        with self._lock:
            for name, until in names.items():
                if self.own.get(name) == until:
                    del self.own[name]

    def held(self, egress: str, account_id: int | None, now: float, *, closing: bool) -> float:
        """Seconds that nobody may send there; 0 if one may."""
        if not self.holds:
            return 0.0
        fields = []
        for closes in (True,) if closing else (True, False):
            fields.append(hold_field(None, "", closes=closes))
            fields.append(hold_field("ip", egress, closes=closes))
            if account_id is not None:
                fields.append(hold_field("account", account_id, closes=closes))
        return max(0.0, *(self.holds.get(name, 0.0) - now for name in fields))

    def broken_since(self, egress: str, granted_at: float) -> bool:
        """Whether a breaker opened after this grant: what was granted later is its probe."""
        if not self.broken:
            return False
        return any(self.broken.get(scope, 0.0) > granted_at for scope in ("*", egress))

    def in_trouble(self, egress: str) -> bool:
        """Whether a success is news: it ends a row of failures there."""
        return not self.troubled.isdisjoint(("*", egress))
