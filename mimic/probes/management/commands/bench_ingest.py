"""``manage.py bench_ingest``: measure the door and add its row to the report."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from mimic.core.partitions import ensure_partitions
from mimic.probes.bench import usage
from mimic.probes.bench.crowd import a_market
from mimic.probes.bench.ingest import ingest


class Command(BaseCommand):
    help = "Measure the ingest process; started by `make bench`, which brings the servers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, required=True, help="the ingest process's")
        parser.add_argument("--bare", type=int, required=True, help="the bare server's port")
        parser.add_argument("--report", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(UTC)
        ensure_partitions(now=now)
        a_market(now)
        found = ingest(options["port"], options["bare"])
        file: Path = options["report"]
        report = json.loads(file.read_text()) if file.exists() else {"machine": usage.machine()}
        file.write_text(json.dumps({**report, "ingest": found}, indent=2))
        self.stdout.write(f"ingest: {found}")
