"""The governor's calls to Redis: one round trip each, no retry, and a pause after a failure."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from redis import Redis
from redis.exceptions import ResponseError

from mimic.core.errors import MimicError
from mimic.core.redis_clients import AWAY, asking
from trading.execution.governor import scripts
from trading.execution.governor.shares import Share
from trading.execution.governor.view import texts
from trading.execution.governor.windows import Counter, Span, ip_field, rules_of

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds that Redis is not asked again after it failed: its time limit is as long
AT_ONCE = 2_000  # accounts a call; Lua passes at most 8,000 values to a command


class BudgetsAway(MimicError):
    """Expected: Redis cannot be asked. Opens wait, closes go on with a budget of their own."""

    code = "budgets.away"
    status = 503
    title = "The shared budgets cannot be reached"


class Told(NamedTuple):
    """What a grant's round trip brought."""

    granted: int
    wait_ms: int
    why: int
    now_ms: int
    holds: dict[str, str]
    breakers: dict[str, str]


class Store:
    """Thread-safe. ``clock_ms`` 0 means Redis's own clock; tests may bring theirs."""

    def __init__(
        self, redis: Callable[[], Redis] = asking, clock_ms: Callable[[], int] = lambda: 0
    ) -> None:
        self._redis = redis
        self._clock_ms = clock_ms
        self._asked_again_at = float("-inf")
        self._born: dict[str, int] = {}
        self._scripts: dict[str, Any] = {}

    def grant(
        self,
        route: str,
        egress: str,
        *,
        purpose: str,
        wanted: int,
        age_ms: int,
        charges: Sequence[tuple[Counter, int]],
        share: Share,
        probe_ms: tuple[int, int],
        process: tuple[str, int],
    ) -> Told:
        """``charges``: counters with what one permit costs there, nothing that costs 0."""
        arguments: list[Any] = [self._born.get(route, 0), egress, purpose, wanted, age_ms]
        arguments += [*probe_ms, *process]
        for counter, cost in charges:
            arguments += [ip_field(counter, egress), counter.bucket_ms, counter.widest_ms, cost]
            arguments += _windows(counter, share)
        names = ("ip:0", "ip:1", "holds", "breakers", "born", "workers", "withheld")
        reply = self._run(scripts.GRANT, route, names, arguments)
        granted, wait, why, born, lost, now, holds, breakers = reply
        if not lost or now > born + rules_of(route).longest_ms:
            self._born[route] = born
        return Told(granted, wait, why, now, texts(holds), texts(breakers))

    def grant_accounts(
        self, route: str, ids: Sequence[int], *, counter: Counter, age_ms: int, share: Share
    ) -> list[float]:
        """Seconds to wait for each place of ``ids``; 0: it is counted and may go."""
        waits = [0.0] * len(ids)
        for start in range(0, len(ids), AT_ONCE):
            part = ids[start : start + AT_ONCE]
            arguments: list[Any] = [self._born.get(route, 0), age_ms]
            arguments += [counter.bucket_ms, counter.widest_ms, *_windows(counter, share)]
            arguments.append(",".join(map(str, part)))
            names = ("account:0", "account:1", "born")
            _, *late = self._run(scripts.GRANT_ACCOUNTS, route, names, arguments)
            for place, wait in zip(late[::2], late[1::2], strict=True):
                waits[start + place] = wait / 1000
        return waits

    def give_back(
        self, route: str, egress: str, count: int, charges: Iterable[tuple[Counter, int]], age: int
    ) -> None:
        arguments: list[Any] = [age]
        for counter, cost in charges:
            field = ip_field(counter, egress)
            arguments += [field, counter.bucket_ms, counter.widest_ms, -count * cost]
        self._run(scripts.CORRECT, route, ("ip:0", "ip:1"), arguments)

    def raise_to(
        self, route: str, book: str, uses: Mapping[tuple[str, Span], int], bucket: int
    ) -> None:
        """``uses``: field and window to what the venue says is used; ``book``: ip or account."""
        arguments: list[Any] = [0]
        for (field, span), count in uses.items():
            arguments += [field, bucket, span.width_ms, count]
        self._run(scripts.CORRECT, route, (f"{book}:0", f"{book}:1"), arguments)

    def hold(self, route: str, seconds: Mapping[str, float]) -> None:
        """Hold these fields for so long from now; 0 lifts."""
        arguments: list[Any] = []
        for name, length in seconds.items():
            arguments += [name, max(0, round(length * 1000))]
        self._run(scripts.HOLD, route, ("holds",), arguments)

    def report(
        self,
        route: str,
        thresholds: Mapping[str, int],
        *,
        answered: bool,
        failures: int,
        maintenance: bool,
        times_ms: tuple[int, int, int],
    ) -> list[str]:
        """``times_ms``: memory, cool-down, longest cool-down. Returns scopes that opened."""
        arguments: list[Any] = [int(answered), failures, int(maintenance), *times_ms]
        for scope, threshold in thresholds.items():
            arguments += [scope, threshold]
        opened = self._run(scripts.REPORT, route, ("breakers",), arguments)
        return [scope.decode() for scope in opened]

    def used(self, route: str, counters: Iterable[Counter]) -> dict[str, list[int]]:
        """By field, what is used of each window of its kind."""
        arguments: list[Any] = []
        for counter in counters:
            widths = [span.width_ms for span in counter.spans]
            arguments += [counter.kind, counter.bucket_ms, len(widths), *widths]
        found = self._run(scripts.USED, route, ("ip:0", "ip:1"), arguments)
        return {field.decode(): sums for field, sums in zip(found[::2], found[1::2], strict=True)}

    def read(self, route: str, name: str) -> dict[str, str]:
        """One of the route's plain hashes: holds, breakers, workers."""
        found: dict[bytes, bytes] = self._guarded(lambda: self._redis().hgetall(_key(route, name)))
        return {field.decode(): value.decode() for field, value in found.items()}

    def withheld(self, route: str) -> int:
        """Why opens got less than they asked for lately; 0: they did not."""
        return int(self._guarded(lambda: self._redis().get(_key(route, "withheld"))) or 0)

    def forget(self, route: str, name: str) -> None:
        """Drop one of the route's hashes."""
        self._guarded(lambda: self._redis().delete(_key(route, name)))

    def _run(self, script: str, route: str, names: Iterable[str], arguments: Sequence[Any]) -> Any:
        registered = self._scripts.get(script)
        if registered is None:
            registered = self._scripts[script] = self._redis().register_script(script)
        keys = [_key(route, name) for name in names]
        return self._guarded(lambda: registered(keys=keys, args=[self._clock_ms(), *arguments]))

    def _guarded(self, call: Callable[[], Any]) -> Any:
        """Raises :class:`BudgetsAway`, without waiting again when Redis failed a moment ago."""
        if time.monotonic() < self._asked_again_at:
            raise BudgetsAway
        try:
            return call()
        except AWAY as fault:
            self._asked_again_at = time.monotonic() + PAUSE
            if isinstance(fault, ResponseError):
                logger.exception("a script of the governor failed")
            raise BudgetsAway(type(fault).__name__) from fault


def _key(route: str, name: str) -> str:
    return f"mimic:gov:{{{route}}}:{name}"


def _windows(counter: Counter, share: Share) -> list[int]:
    arguments = [len(counter.spans)]
    for span in counter.spans:
        arguments += [share.allowed(span), span.width_ms, share.after_loss(span)]
    return arguments
