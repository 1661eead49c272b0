"""``manage.py bench_drive``: run the measurements and write the report."""

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
from mimic.probes.bench.report import Row, line_of, row_of, with_naive
from signals.models import Strategy

SIZES = (100, 1_000, 10_000)
PAIRS = {100: 3, 1_000: 5, 10_000: 2}
NAIVE = (1_000, 20)  # followers and delay at which the naive bot runs too
VENUE_MUST = 2.0  # times the reference's rate, or the venue is what was measured


@dataclass(frozen=True, slots=True)
class Bench:
    """Where everything is: the venue's address, the worker's process."""

    venue: str
    worker: int

    def crowd(self, followers: int, *, on_wire: bool) -> Strategy:
        now = datetime.now(UTC)
        return a_crowd(followers=followers, on_wire=on_wire, venue=self.venue, now=now)

    def paper(self, followers: int) -> Row:
        strategy = self.crowd(followers, on_wire=False)
        pairs = range(PAIRS.get(followers, 3))
        runs = [one_signal(strategy, followers, self.worker) for _ in pairs]
        return row_of(followers, 0, "paper", runs, [])

    def wire(self, followers: int, strategy: Strategy, delay_ms: int) -> Row:
        """Reference and pipeline by turns."""
        lines.set_delay(self.venue, delay_ms)
        runs, references = [], []
        for _ in range(PAIRS.get(followers, 3)):
            references.append(lines.reference(self.venue, followers))
            runs.append(one_signal(strategy, followers, self.worker))
        row = row_of(followers, delay_ms, "generic", runs, references)
        if (followers, delay_ms) == NAIVE:
            row = with_naive(row, lines.naive(self.venue, strategy.pk, followers))
        lines.set_delay(self.venue, 0)
        return row


class Command(BaseCommand):
    help = "Measure the fan-out; started by `make bench`, which brings the servers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--venue", required=True)
        parser.add_argument("--capacity", type=int, required=True)
        parser.add_argument("--worker", type=int, required=True)
        parser.add_argument("--report", type=Path, required=True)
        parser.add_argument("--followers", type=int, help="one size instead of all")
        parser.add_argument("--path", choices=("paper", "generic"), help="one path alone")
        parser.add_argument("--statements", action="store_true", help="the dearest SQL of each")

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(UTC)
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        ensure_partitions(now=now)
        a_market(now)
        self._explain = options["statements"]
        bench = Bench(options["venue"], options["worker"])
        report: dict[str, Any] = {"machine": usage.machine(), "venue_orders_per_s": None}
        self.stdout.write(f"{report['machine']}\nvenue takes {options['capacity']} orders/s")
        one_signal(bench.crowd(100, on_wire=True), 100, bench.worker)  # warm
        report["queue_hop_ms"] = round(queue_hop(bench.crowd(1, on_wire=False)), 1)
        self.stdout.write(f"queue hop {report['queue_hop_ms']} ms (p95)")
        sizes = [options["followers"]] if options["followers"] else list(SIZES)
        report["complete"], report["runs"] = False, []
        for row in self._runs(bench, sizes, options["path"], report):
            report["runs"].append(row)  # written each time: a run that is cut short keeps its rows
            options["report"].write_text(json.dumps(report, indent=2))
        _judge_venue(report, options["capacity"])
        paid = [row["db_ms_per_order"] for row in report["runs"]]
        report["db_ms_per_order"], report["complete"] = max(paid, default=None), True
        options["report"].write_text(json.dumps(report, indent=2))
        self.stdout.write(f"written to {options['report']}")

    def _runs(
        self, bench: Bench, sizes: list[int], path: str | None, report: dict[str, Any]
    ) -> Iterator[Row]:
        used: dict[int, int] = {}
        for followers in sizes:
            if path != "generic":
                yield self._tell(bench.paper(followers))
            if path == "paper":
                continue
            strategy = bench.crowd(followers, on_wire=True)
            for delay_ms in (0, 20):
                yield self._tell(bench.wire(followers, strategy, delay_ms))
            used[followers] = usage.private_kib_of(bench.worker)
        if {1_000, 10_000} <= used.keys():
            grown = used[10_000] - used[1_000]
            report["memory_kib_per_account"] = round(grown / 10_000, 2)

    def _tell(self, row: Row) -> Row:
        self.stdout.write(line_of(row))
        for ms, calls, text in statements()[:14] if self._explain else ():
            each = f"{ms / row['followers']:.4f} ms/order {calls:>5} calls"
            self.stdout.write(f"    {each}  {' '.join(text.split())[:110]}")
        return row


def _judge_venue(report: dict[str, Any], capacity: int) -> None:
    """Void unless the venue takes at least twice what the reference asks of it."""
    report["venue_orders_per_s"] = capacity
    asked = [
        row["followers"] / row["reference_ms"] * 1000
        for row in report["runs"]
        if row["reference_ms"]
    ]
    report["venue_headroom"] = round(capacity / max(asked), 1) if asked else None
    if asked and capacity < VENUE_MUST * max(asked):
        raise CommandError(f"void: the venue takes {capacity}/s, the reference {max(asked):.0f}/s")
