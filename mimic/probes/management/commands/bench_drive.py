"""``manage.py bench_drive``: run the measurements of one path and add them to the report."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from mimic.core.partitions import ensure_partitions
from mimic.probes.bench import lines, usage
from mimic.probes.bench.crowd import a_crowd, a_market
from mimic.probes.bench.measure import one_signal, queue_hop, statements
from mimic.probes.bench.neighbours import slow_venue
from mimic.probes.bench.report import Row, line_of, row_of, with_naive
from signals.models import Strategy

SIZES = (100, 1_000, 10_000)
PAIRS = {100: 3, 1_000: 5, 10_000: 2}
DELAYS = (0, 20)  # milliseconds that the venue takes
NAIVE = (1_000, 20)  # followers and delay at which the naive bot runs too
VENUE_MUST = 2.0  # times the reference's rate, or the venue is what was measured


@dataclass(frozen=True, slots=True)
class Bench:
    """Where everything is: the venue's address, the worker's process, the path of an order."""

    venue: str
    worker: int
    path: str

    def crowd(self, followers: int) -> Strategy:
        now = datetime.now(UTC)
        return a_crowd(followers=followers, on_wire=True, venue=self.venue, now=now)

    def row(self, followers: int, strategy: Strategy, delay_ms: int) -> Row:
        """Reference and pipeline by turns."""
        lines.set_delay(self.venue, delay_ms)
        runs, references = [], []
        for _ in range(PAIRS.get(followers, 3)):
            references.append(lines.reference(self.venue, followers))
            runs.append(one_signal(strategy, followers, self.worker))
        row = row_of(followers, delay_ms, self.path, runs, references)
        if (followers, delay_ms) == NAIVE:
            row = with_naive(row, lines.naive(self.venue, strategy.pk, followers))
        lines.set_delay(self.venue, 0)
        return row


class Command(BaseCommand):
    help = "Measure the fan-out; started by `make bench`, which brings the servers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--venue", required=True)
        parser.add_argument("--neighbour", required=True, help="another venue's address")
        parser.add_argument("--capacity", type=int, required=True)
        parser.add_argument("--worker", type=int, required=True)
        parser.add_argument("--path", choices=("fast", "generic"), required=True)
        parser.add_argument("--report", type=Path, required=True)
        parser.add_argument("--followers", type=int, help="one size instead of all")
        parser.add_argument("--statements", action="store_true", help="the dearest SQL of each")

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(UTC)
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        ensure_partitions(now=now)
        a_market(now)
        self._explain = options["statements"]
        self._file: Path = options["report"]
        bench = Bench(options["venue"], options["worker"], options["path"])
        self._report = self._begun(options["capacity"])
        one_signal(bench.crowd(100), 100, bench.worker)  # warm
        self._hops(bench)
        if bench.path == "fast":
            self._report["slow_venue"] = slow_venue(bench.venue, options["neighbour"])
            self.stdout.write(f"another venue hangs: {self._report['slow_venue']}")
        sizes = [options["followers"]] if options["followers"] else list(SIZES)
        for row in self._rows(bench, sizes):
            self._report["runs"].append(row)
            self._write()  # each time: a run that is cut short keeps its rows
        self._judge_venue()
        fast = [row for row in self._report["runs"] if row["path"] == "fast"]
        self._report["db_ms_per_order"] = fast[-1]["db_ms_per_order"] if fast else None
        self._write()

    def _begun(self, capacity: int) -> dict[str, Any]:
        """The report so far, or a new one."""
        if self._file.exists():
            found: dict[str, Any] = json.loads(self._file.read_text())
            return found
        made = {
            "machine": usage.machine(),
            "venue_orders_per_s": capacity,
            "queue_hop_ms": {},
            "memory_kib_per_account": {},
            "runs": [],
        }
        self.stdout.write(f"{made['machine']}\nvenue takes {capacity} orders/s")
        return made

    def _hops(self, bench: Bench) -> None:
        one = bench.crowd(1)
        told = {"idle": round(queue_hop(one), 1)}
        told["under_load"] = round(queue_hop(one, bench.crowd(1_000)), 1)
        self._report["queue_hop_ms"][bench.path] = told
        self.stdout.write(
            f"{bench.path}: queue hop p95 {told['idle']} ms idle, "
            f"{told['under_load']} ms under load"
        )

    def _rows(self, bench: Bench, sizes: list[int]) -> Iterator[Row]:
        used: dict[int, int] = {}
        for followers in sizes:
            strategy = bench.crowd(followers)
            for delay_ms in DELAYS:
                yield self._tell(bench.row(followers, strategy, delay_ms))
            used[followers] = usage.private_kib_of(bench.worker)
        if {1_000, 10_000} <= used.keys():
            grown = used[10_000] - used[1_000]
            self._report["memory_kib_per_account"][bench.path] = round(grown / 10_000, 2)

    def _tell(self, row: Row) -> Row:
        self.stdout.write(line_of(row))
        for ms, calls, text in statements()[:14] if self._explain else ():
            each = f"{ms / row['followers']:.4f} ms/order {calls:>5} calls"
            self.stdout.write(f"    {each}  {' '.join(text.split())[:110]}")
        return row

    def _judge_venue(self) -> None:
        """Void unless the venue takes at least twice what the reference asks of it."""
        capacity = self._report["venue_orders_per_s"]
        asked = max(row["followers"] / row["reference_ms"] * 1000 for row in self._report["runs"])
        self._report["venue_headroom"] = round(capacity / asked, 1)
        if capacity < VENUE_MUST * asked:
            raise CommandError(f"void: the venue takes {capacity}/s, the reference {asked:.0f}/s")

    def _write(self) -> None:
        self._file.write_text(json.dumps(self._report, indent=2))
