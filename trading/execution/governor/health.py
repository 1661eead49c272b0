"""What Redis knows of a venue, for the console and for metrics; and what an operator may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from mimic.ops.metrics import venue_breaker, venue_window_used
from trading.execution.governor.store import BudgetsAway, Store
from trading.execution.governor.view import Breaker, hold_field
from trading.execution.governor.windows import rules_of

WORKER_MS = 15_000  # a process that said nothing for so long is not counted as sending
_SEVERITY = {"closed": 0, "half_open": 1, "open": 2}


class WindowUse(NamedTuple):
    """``used`` of ``limit`` in a window of an address, slack included."""

    egress: str
    kind: str
    seconds: int
    used: int
    limit: int


class Health(NamedTuple):
    """``breakers``: by address, ``*`` for the whole venue. ``holds``: field to its end."""

    breakers: Mapping[str, Breaker]
    holds: Mapping[str, datetime]
    windows: tuple[WindowUse, ...]
    in_flight: int

    @property
    def state(self) -> str:
        """The worst breaker's: closed, half_open, open."""
        states = (breaker.state for breaker in self.breakers.values())
        return max(states, key=_SEVERITY.__getitem__, default="closed")


def read_health(route: str, now: datetime, store: Store | None = None) -> Health:
    """Raises BudgetsAway."""
    store = store or Store()
    now_ms = round(now.timestamp() * 1000)
    holds = {name: int(until) for name, until in store.read(route, "holds").items()}
    breakers = store.read(route, "breakers")
    workers = (text.split(":") for text in store.read(route, "workers").values())
    return Health(
        breakers={scope: Breaker.parse(text) for scope, text in breakers.items()},
        holds={
            name: datetime.fromtimestamp(until / 1000, UTC)
            for name, until in holds.items()
            if until > now_ms
        },
        windows=tuple(_windows(route, store)),
        in_flight=sum(int(out) for out, at in workers if now_ms - int(at) < WORKER_MS),
    )


def hold_venue(route: str, seconds: float, *, store: Store | None = None) -> None:
    """Nothing is sent there, closes neither. Raises BudgetsAway."""
    (store or Store()).hold(route, {hold_field(None, "", closes=True): seconds})


def lift_holds(route: str, *, store: Store | None = None) -> None:
    """All of them, those that the venue asked for as well. Raises BudgetsAway."""
    (store or Store()).forget(route, "holds")


def close_breakers(route: str, *, store: Store | None = None) -> None:
    """They open again when the venue is still ill. Raises BudgetsAway."""
    (store or Store()).forget(route, "breakers")


def publish(routes: Iterable[str], now: datetime) -> None:
    """Bring the gauges up to date; without Redis they keep their last figures."""
    store = Store()
    for route in routes:
        try:
            health = read_health(route, now, store)
        except BudgetsAway:
            return
        venue_breaker.labels(route).set(_SEVERITY[health.state])
        for use in health.windows:
            window = f"{use.kind}/{use.seconds}s"
            venue_window_used.labels(route, use.egress, window).set(use.used / use.limit)


def _windows(route: str, store: Store) -> Iterable[WindowUse]:
    counters = {counter.kind: counter for counter in rules_of(route).by_ip}
    for field, sums in sorted(store.used(route, counters.values()).items()):
        kind, _, egress = field.partition("|")
        for span, used in zip(counters[kind].spans, sums, strict=True):  # type: ignore[index]
            yield WindowUse(egress, kind, span.window.seconds, used, span.limit)
