"""``manage.py bench_attack``: guessers at the sign-in, and what others feel of them."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from mimic.core.partitions import ensure_partitions
from mimic.probes.bench import lines, usage
from mimic.probes.bench.attack import DELAY_MS, FOLLOWERS, attack
from mimic.probes.bench.crowd import a_crowd, a_market


class Command(BaseCommand):
    help = "Attack the sign-in; started by `make bench-attack`, which brings the servers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--venue", required=True)
        parser.add_argument("--port", type=int, required=True, help="the web process's")
        parser.add_argument("--worker", type=int, required=True, help="its process id")
        parser.add_argument("--report", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(UTC)
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        ensure_partitions(now=now)
        a_market(now)
        venue: str = options["venue"]
        calm, disturbed = (
            a_crowd(followers=FOLLOWERS, on_wire=True, venue=venue, now=now) for _ in range(2)
        )
        lines.set_delay(venue, DELAY_MS)
        report = {
            "machine": usage.machine(),
            **attack(calm, disturbed, port=options["port"], worker=options["worker"]),
        }
        options["report"].write_text(json.dumps(report, indent=1) + "\n")
        self.stdout.write(json.dumps(report, indent=1))
        if report["missed"]:
            raise CommandError(f"missed: {', '.join(report['missed'])}")
