"""The arithmetic of rate windows: pure, in whole milliseconds and whole units.

A count is kept in buckets of a tenth of the shortest window. A bucket counts until its end is a
whole window, and the window's slack, ago. So in *any* stretch of a window's length, wherever the
venue begins its own, at most the limit was let through: fixed windows aligned with the venue's
would let twice the limit through around a border that clocks or the network moved, and a token
bucket (GCRA) with a full burst lets nearly twice the limit through in one window.

The slack is how old a grant may be when its order leaves: the venue counts at arrival, we count
at the grant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from django.conf import settings

from trading.venues.limits import UNLIMITED, Kind, Limits, Scope, Window, limits_of

BUCKETS = 10
LEAST_SLACK_MS = 200
_LONGEST_PERMIT_MS = 1_000


class Span(NamedTuple):
    """One window as counted. ``width_ms`` includes the slack; ``blind``: no header corrects it."""

    limit: int
    width_ms: int
    blind: bool
    window: Window


class Counter(NamedTuple):
    """Windows of one kind share a count. ``widest_ms`` is how long a bucket can matter."""

    kind: Kind
    bucket_ms: int
    widest_ms: int
    spans: tuple[Span, ...]


def ip_field(counter: Counter, egress: str) -> str:
    """Where an address's count stands in its book."""
    return f"{counter.kind}|{egress}"


class Cost(NamedTuple):
    """What one permit takes from each kind of window."""

    weight: int = 0
    orders: int = 0
    requests: int = 0

    def charges(self, counters: Iterable[Counter]) -> list[tuple[Counter, int]]:
        """The counters that it takes anything from."""
        return [(each, cost) for each in counters if (cost := getattr(self, each.kind)) > 0]


class Rules(NamedTuple):
    """What holds for one route. ``permit_seconds``: how old a grant may be when it is used."""

    limits: Limits
    by_ip: tuple[Counter, ...]
    by_account: tuple[Counter, ...]
    permit_seconds: float
    longest_ms: int

    @property
    def free(self) -> bool:
        """Nothing is counted and nobody is asked: orders of this route leave no process."""
        return self.limits is UNLIMITED


@lru_cache(maxsize=512)
def rules_of(route: str) -> Rules:
    limits = _as_simulated(limits_of(route)) if route in settings.VENUE_URLS else limits_of(route)
    by_ip, by_account = counters(limits, "ip"), counters(limits, "account")
    permit = min(
        (slack_ms(window.seconds) for window in limits.windows), default=_LONGEST_PERMIT_MS
    )
    longest = max((counter.widest_ms for counter in (*by_ip, *by_account)), default=0)
    return Rules(limits, by_ip, by_account, permit / 1000, longest)


def _as_simulated(limits: Limits) -> Limits:
    """A simulated venue sees one address where a crowd would have many."""
    many: int = settings.SIMULATED_ADDRESSES
    windows = tuple(
        each._replace(limit=each.limit * many) if each.scope == "ip" else each
        for each in limits.windows
    )
    return replace(limits, windows=windows)


def counters(limits: Limits, scope: Scope) -> tuple[Counter, ...]:
    """The counts kept per address or account of a venue, one for each kind of window."""
    kinds = sorted({window.kind for window in limits.windows if window.scope == scope})
    return tuple(_counter(limits, scope, kind) for kind in kinds)


def _counter(limits: Limits, scope: Scope, kind: Kind) -> Counter:
    windows = [each for each in limits.windows if (each.scope, each.kind) == (scope, kind)]
    spans = tuple(
        Span(
            window.limit,
            window.seconds * 1000 + slack_ms(window.seconds),
            not (window.used_header or window.left_header),
            window,
        )
        for window in windows
    )
    bucket = min(window.seconds for window in windows) * 1000 // BUCKETS
    return Counter(kind, bucket, max(span.width_ms for span in spans), spans)


def slack_ms(seconds: int) -> int:
    return max(LEAST_SLACK_MS, seconds * 1000 // BUCKETS)


class Sliding:
    """A count in this process, by the rules of the scripts in Redis (:mod:`.scripts`)."""

    def __init__(self, bucket_ms: int, widest_ms: int) -> None:
        self._bucket = bucket_ms
        self._widest = widest_ms
        self._marks: list[tuple[int, int]] = []  # (bucket, count), oldest first

    def used(self, width_ms: int, now_ms: int) -> int:
        return sum(
            count for at, count in self._marks if (at + 1) * self._bucket > now_ms - width_ms
        )

    def room(self, limit: int, width_ms: int, now_ms: int) -> int:
        return max(0, limit - self.used(width_ms, now_ms))

    def wait_ms(self, limit: int, width_ms: int, now_ms: int, wanted: int = 1) -> int:
        """Milliseconds until ``wanted`` more fit; 0 when they do."""
        excess = self.used(width_ms, now_ms) + wanted - limit
        if excess <= 0:
            return 0
        for at, count in self._marks:
            leaves = (at + 1) * self._bucket + width_ms - now_ms
            if leaves > 0:
                excess -= count
            if leaves > 0 and excess <= 0:
                return leaves
        return width_ms

    def add(self, count: int, now_ms: int) -> None:
        edge = now_ms - self._widest
        kept = [mark for mark in self._marks if (mark[0] + 1) * self._bucket > edge]
        bucket = now_ms // self._bucket
        if kept and kept[-1][0] == bucket:
            kept[-1] = (bucket, kept[-1][1] + count)
        else:
            kept.append((bucket, count))
        self._marks = kept
