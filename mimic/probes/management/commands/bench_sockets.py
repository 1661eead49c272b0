"""``manage.py bench_sockets``: measure the sockets of one web process and add a row."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mimic.core.partitions import ensure_partitions
from mimic.probes.bench import usage
from mimic.probes.bench.crowd import a_market
from mimic.probes.bench.sockets import sockets
from mimic.probes.bench.sockets_crowd import some_holders


class Command(BaseCommand):
    help = "Measure sockets; started by `make bench-sockets`, which brings the servers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, required=True, help="the web process's")
        parser.add_argument("--web", type=int, required=True, help="its process id")
        parser.add_argument("--sockets", type=int, required=True)
        parser.add_argument("--report", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(UTC)
        ensure_partitions(now=now)
        a_market(now)
        strategy, holders = some_holders(options["sockets"], now)
        row = sockets(strategy, holders, options["port"], options["web"])
        file: Path = options["report"]
        begun: dict[str, Any] = {"machine": usage.machine(), "runs": []}
        report = json.loads(file.read_text()) if file.exists() else begun
        report["runs"].append(row)
        file.write_text(json.dumps(report, indent=2))
        self.stdout.write(line_of(row))
        bar, slowest = row["bar_p99_ms"], max(row["signal_ms"]["p99"], row["position_ms"]["p99"])
        if bar is not None and slowest > bar:
            raise CommandError(f"p99 {slowest} ms is over the bar of {bar} ms")


def line_of(row: dict[str, Any]) -> str:
    """The row of the printed table."""
    spans = (
        f"{name} p50 {row[key]['p50']:>6} p99 {row[key]['p99']:>6} max {row[key]['max']:>6} ms"
        for name, key in (("signal", "signal_ms"), ("position", "position_ms"))
    )
    parts = [
        f"{row['sockets']:>6} sockets",
        *spans,
        f"{row['kib_per_socket']} KiB a socket",
        f"opened in {row['opened_s']} s, storm {row['storm_s']} s",
        f"cores: web {row['web_cores']}, load {row['load_cores']} ({row['load_share']:.0%})",
        f"waited for a core {row['web_waited']:.0%}",
    ]
    return "  ".join(parts)
