"""``manage.py bench_truth``: make the world that the stream process finds, then measure in it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from mimic.core.partitions import ensure_partitions
from mimic.probes.bench import truth, usage
from mimic.probes.bench.crowd import VENUE, a_market
from mimic.probes.bench.truth_crowd import accounts_of, elsewhere, heard, here, holders
from mimic.probes.demo.outcome import waiting_accounts, waiting_books
from signals.models import Strategy
from trading.models import Venue

ACCOUNTS, IN_ALL, PEOPLE = 200, 1_000, 100


class Command(BaseCommand):
    help = "Measure how fast our books and people follow the venue; started by `make bench-truth`."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("step", choices=("world", "measure"))
        parser.add_argument("--port", type=int, help="the web process's")
        parser.add_argument("--stream", type=int, help="the stream process's id")
        parser.add_argument("--report", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["step"] == "world":
            _world(datetime.now(UTC))
        else:
            self._measure(options["port"], options["stream"], options["report"])

    def _measure(self, port: int, stream: int, file: Path) -> None:
        report = {"machine": usage.machine(), **_measured(Strategy.objects.get(), port, stream)}
        file.write_text(json.dumps(report, indent=2))
        self.stdout.write("\n".join(lines_of(report)))


def _world(now: datetime) -> None:
    """What the stream process finds: one venue, and followers with keys there."""
    Venue.objects.exclude(code=VENUE).update(enabled=False)
    ensure_partitions(now=now)
    a_market(now)
    here(ACCOUNTS, now)


def _measured(strategy: Strategy, port: int, stream: int) -> truth.Report:
    near = accounts_of(strategy)
    truth.all_live(near)
    truth.until("balances", lambda: waiting_accounts() == 0)
    truth.until("an order book", lambda: waiting_books("BTCUSDT", [VENUE]) == 0)
    truth.one_open(strategy, ACCOUNTS)  # warm, and everybody holds a position
    fills = truth.fills(strategy, holders(strategy, PEOPLE), port)
    rounds = [truth.reconciled(near, stream)]
    far = elsewhere(IN_ALL - ACCOUNTS, datetime.now(UTC))
    truth.one_open(far, IN_ALL - ACCOUNTS)
    heard(far, datetime.now(UTC))
    rounds.append(truth.reconciled([*near, *accounts_of(far)], stream))
    return {"fill_to_socket_ms": fills, "reconciled": rounds, "allowed": truth.allowed()}


def lines_of(report: truth.Report) -> list[str]:
    """The printed table."""
    lines = [report["machine"]]
    for row in report["reconciled"]:
        lines.append(
            f"{row['accounts']:>6} accounts reconciled in {row['seconds']:>5} s: "
            f"{row['accounts_per_s']:>5} a second ({row['in_rounds_per_s']} comparisons a second "
            f"without the pauses between rounds); {row['cpu_ms_per_account']} ms of CPU each"
        )
    for name, told in report["fill_to_socket_ms"].items():
        spans = "  ".join(f"{key} {told[key]:>5}" for key in ("p50", "p95", "p99", "max"))
        lines.append(f"fill to socket, {name:<12} {spans} ms  ({told['fills']} fills)")
    allowed = report["allowed"]
    lines.append(
        f"one address at the real venue: {allowed['polls_per_s']} polls a second, accounts by "
        f"pace {allowed['accounts_per_address']}, with balances {allowed['with_balances']}"
    )
    return lines
