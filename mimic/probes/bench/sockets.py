"""Sockets measured: from a commit in Postgres to the browser, with one real web process.

Each socket belongs to a signed-in follower and hears the channels of the home page. A signal goes
to all of them in one message; a change of a position goes to its holder alone, told in chunks as
the fan-out does. Times are Postgres's own commit time and the browser's clock: one machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from mimic.probes.bench import usage
from mimic.probes.bench.sockets_browsers import Browsers
from mimic.probes.bench.sockets_crowd import Holder
from signals.models import Action, Direction, Signal, Strategy
from signals.services.publish import SignalDraft, publish_signal
from trading.copying.chunks import CHUNK
from trading.copying.live import tell_of_orders, tell_of_signal
from trading.models import Position

CHANNELS = ("signals", "receipts", "positions", "summary", "guards")
SIGNALS, SIGNAL_SECONDS = 20, 1.0
POSITION_ROUNDS, POSITION_SECONDS = 5, 3.0
SETTLE_SECONDS = 3.0
BARS_MS = {1_000: 100, 5_000: 250}  # p99 (issue 5)
_DRAFT = SignalDraft(
    "BTCUSDT", Action.OPEN, Direction.LONG, None, None, 5, None, Decimal(2), "", None
)


@dataclass(frozen=True, slots=True)
class Told:
    """One message: its name on the wire, when what it tells was committed, who must hear it."""

    name: str
    committed_at: float
    hearers: int


def sockets(strategy: Strategy, holders: Sequence[Holder], port: int, web: int) -> dict[str, Any]:
    """The row of the report: ``web`` is the process id of the web process at ``port``.

    Raises RuntimeError when a message was not heard by all, or by somebody it was not for.
    """
    before = usage.private_kib_of(web)
    with Browsers() as browsers:
        opened = browsers.open(port, CHANNELS, holders)
        time.sleep(SETTLE_SECONDS)
        kib = (usage.private_kib_of(web) - before) / len(holders)
        cost = _Cost(web, browsers)
        signals = _latencies(
            browsers, "signals", _paced(SIGNAL_SECONDS, _signals(strategy, holders))
        )
        positions = _latencies(browsers, "positions", _paced(POSITION_SECONDS, _changes(holders)))
        used = cost.used()
        storm = browsers.storm()
        peak = (usage.private_kib_of(web) - before) / len(holders)
    return {
        "sockets": len(holders),
        "compressed": opened["compressed"],
        "opened_s": round(opened["seconds"], 1),
        "signal_ms": signals,
        "position_ms": positions,
        "bar_p99_ms": BARS_MS.get(len(holders)),
        "kib_per_socket": round(kib, 1),
        "kib_per_socket_after_storm": round(peak, 1),
        "storm_s": round(storm["seconds"], 1),
        **used,
    }


class _Cost:
    """What the web process and the browsers use of the machine from now on."""

    def __init__(self, web: int, browsers: Browsers) -> None:
        self._pids = {"web": [web], "load": browsers.pids}
        self._began, self._at = self._seconds(), time.monotonic()
        self._waited = usage.waited_of(web)

    def used(self) -> dict[str, float]:
        """Cores taken on average, the browsers' part of what both took, and how long the web
        process waited for one, as a part of the time that it wanted one: much is a busy machine.
        """
        span = time.monotonic() - self._at
        spent = {name: now - self._began[name] for name, now in self._seconds().items()}
        both = sum(spent.values())
        waited = usage.waited_of(self._pids["web"][0]) - self._waited
        return {
            "web_cores": round(spent["web"] / span, 2),
            "load_cores": round(spent["load"] / span, 2),
            "load_share": round(spent["load"] / both, 2) if both else 0.0,
            "web_waited": round(waited / (waited + spent["web"]), 2) if spent["web"] else 0.0,
        }

    def _seconds(self) -> dict[str, float]:
        return {name: sum(map(usage.cpu_of, pids)) for name, pids in self._pids.items()}


def _paced(seconds: float, rounds: Sequence[Callable[[], list[Told]]]) -> list[Told]:
    """Each round starts ``seconds`` after the one before, so that the figures are not a queue's."""
    told: list[Told] = []
    for each in rounds:
        began = time.monotonic()
        told += each()
        time.sleep(max(0.0, seconds - (time.monotonic() - began)))
    return told


def _signals(strategy: Strategy, holders: Sequence[Holder]) -> list[Callable[[], list[Told]]]:
    people = [holder.user_id for holder in holders]

    def publish() -> list[Told]:
        with transaction.atomic(durable=True):
            made = publish_signal(
                strategy=strategy, draft=_DRAFT, inbox_message_id=0, now=datetime.now(UTC)
            )
            signal = Signal.objects.select_related("strategy").get(pk=made)
            tell_of_signal(signal=signal, followers=people)
            number = _transaction()
        return [Told(str(signal.public_id), _committed(number), len(people))]

    return [publish] * SIGNALS


def _changes(holders: Sequence[Holder]) -> list[Callable[[], list[Told]]]:
    """Everybody's position grows, a chunk of people a transaction; the size names the message."""
    chunks = [holders[start : start + CHUNK] for start in range(0, len(holders), CHUNK)]

    def grow(size: int) -> list[Told]:
        return [_grow(chunk, size + place) for place, chunk in enumerate(chunks)]

    return [lambda size=(1 + each) * 1_000: grow(size) for each in range(POSITION_ROUNDS)]  # type: ignore[misc]


def _grow(chunk: Sequence[Holder], size: int) -> Told:
    with transaction.atomic(durable=True):
        held = Position.objects.filter(pk__in=[holder.position_id for holder in chunk])
        held.update(quantity=size, updated_at=datetime.now(UTC))
        tell_of_orders([holder.order_id for holder in chunk])
        number = _transaction()
    return Told(str(size), _committed(number), len(chunk))


def _transaction() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text")
        return str(cursor.fetchone()[0])


def _committed(number: str) -> float:
    """Postgres's own time of that commit, seconds since the epoch."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_xact_commit_timestamp(%s::xid)", [number])
        at: datetime = cursor.fetchone()[0]
        return at.timestamp()


def _latencies(browsers: Browsers, kind: str, told: Sequence[Told]) -> dict[str, float]:
    """p50, p99 and the worst, in ms, over all messages and browsers."""
    time.sleep(SETTLE_SECONDS)
    heard = browsers.collect(kind)
    spans: list[float] = []
    for each in told:
        times = heard.pop(each.name, [])
        if len(times) != each.hearers:
            raise RuntimeError(f"{len(times)} of {each.hearers} heard {kind} {each.name}")
        spans += [(at - each.committed_at) * 1000 for at in times]
    if heard:
        raise RuntimeError(f"{kind} that nobody told: {list(heard)[:3]}")
    spans.sort()
    return {
        "p50": round(spans[len(spans) // 2], 1),
        "p99": round(spans[len(spans) * 99 // 100], 1),
        "max": round(spans[-1], 1),
        "heard": len(spans),
    }
