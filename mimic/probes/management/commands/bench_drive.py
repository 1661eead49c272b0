"""``manage.py bench_drive``: run the measurements and write the report."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from statistics import median
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from mimic.core.partitions import ensure_partitions
from mimic.probes.bench.crowd import a_crowd, a_market, open_accounts
from mimic.probes.bench.measure import Run, one_signal

SIZES = (100, 1_000, 10_000)
REPEATS = {100: 3, 1_000: 3, 10_000: 1}


class Command(BaseCommand):
    help = "Measure the fan-out; started by `make bench`, which brings the servers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--simulator", required=True)
        parser.add_argument("--workers", required=True)
        parser.add_argument("--report", type=Path, required=True)
        parser.add_argument("--followers", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(UTC)
        with connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        ensure_partitions(now=now)
        a_market(now)
        workers = [int(pid) for pid in options["workers"].split(",")]
        simulator = options["simulator"]
        one_signal(a_crowd(followers=20, on_wire=True, simulator=simulator, now=now), 20, workers)
        report: dict[str, Any] = {"machine": _machine(), "runs": []}
        for followers in [options["followers"]] if options["followers"] else SIZES:
            for path in ("paper", "generic"):
                row = _measure(followers, path, simulator, workers)
                report["runs"].append(row)
                self.stdout.write(_line(row))
        paid = [row["db_ms_per_order"] for row in report["runs"] if row["followers"] >= SIZES[1]]
        report["db_ms_per_order"] = max(paid, default=None)
        options["report"].write_text(json.dumps(report, indent=2))
        self.stdout.write(f"{report['machine']}\nwritten to {options['report']}")


def _measure(followers: int, path: str, simulator: str, workers: list[int]) -> dict[str, Any]:
    on_wire = path == "generic"
    strategy = a_crowd(
        followers=followers, on_wire=on_wire, simulator=simulator, now=datetime.now(UTC)
    )
    runs: list[Run] = []
    references: list[float] = []
    for _ in range(REPEATS.get(followers, 3)):
        if on_wire:
            references.append(_reference(followers, simulator))
        runs.append(one_signal(strategy, followers, workers))
    ratios = [run.last_ack_ms / line for run, line in zip(runs, references, strict=False)]
    return {
        "followers": followers,
        "delay_ms": 0,
        "path": path,
        "decided_ms": median(run.decided_ms for run in runs),
        "last_ack_ms": median(run.last_ack_ms for run in runs),
        "persisted_ms": median(run.persisted_ms for run in runs),
        "reference_ms": median(references) if references else None,
        "ratio": round(median(ratios), 2) if ratios else None,
        "ratio_min": round(min(ratios), 2) if ratios else None,
        "ratio_max": round(max(ratios), 2) if ratios else None,
        "cpu_s": median(run.cpu_s for run in runs),
        "db_ms_per_order": median(run.db_ms_per_order for run in runs),
    }


def _reference(followers: int, simulator: str) -> float:
    accounts = [{"api_key": token_hex(32), "secret": token_hex(32)} for _ in range(followers)]
    open_accounts(simulator, [{**account, "balance": "100000"} for account in accounts])
    done = subprocess.run(
        [sys.executable, "-m", "mimic.probes.bench.reference"],
        input=json.dumps({"base": simulator, "accounts": accounts}),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(json.loads(done.stdout)["ms"])


def _line(row: dict[str, Any]) -> str:
    ratio = f"  ratio {row['ratio']} of {row['reference_ms']:.0f} ms" if row["ratio"] else ""
    return (
        f"{row['followers']:>6} {row['path']:<8} decided {row['decided_ms']:>6.0f} ms"
        f"  last ack {row['last_ack_ms']:>6.0f} ms  persisted {row['persisted_ms']:>6.0f} ms"
        f"  worker CPU {row['cpu_s']:.2f} s  db {row['db_ms_per_order']:.3f} ms/order{ratio}"
    )


def _machine() -> str:
    load = os.getloadavg()[0]
    return f"{platform.machine()}, {os.cpu_count()} cores, {platform.python_version()}, load {load}"
