"""The ingest process next to a bare one: the same server, the same senders, by turns.

Every alert is distinct and must end as a Signal: a run in which one did not raises.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from secrets import token_hex
from statistics import median
from typing import Any

from django.db import connection

from mimic.core.tokens import digest_of, generate_token
from mimic.probes.bench.crowd import a_crowd
from mimic.probes.bench.ingest_bare import MAKE_TABLE, TABLE
from signals.models import Signal, Strategy

ALERTS = 3_000  # a run
CONNECTIONS = 16
PAIRS = 5
STRATEGIES = 640  # so many that none reaches its limit of alerts


def ingest(port: int, bare_port: int) -> dict[str, float]:
    """Requests a second and p99 of ours, and the median of pairwise ratios to the bare one."""
    with connection.cursor() as cursor:
        cursor.execute(MAKE_TABLE)
    doors = [f"/webhook/{token}" for token in _strategies()]
    _send(port, _alerts(doors, 200))  # warm: connections, prepared statements
    _send(bare_port, _alerts(["/bare"], 200))
    ours, bare = [], []
    for _ in range(PAIRS):
        bare.append(_counted(bare_port, ["/bare"], _bare_rows))
        ours.append(_counted(port, doors, Signal.objects.count))
    ratios = [mine["rps"] / line["rps"] for mine, line in zip(ours, bare, strict=True)]
    return {
        "rps": round(median(run["rps"] for run in ours)),
        "p99_ms": round(median(run["p99_ms"] for run in ours), 1),
        "ratio": round(median(ratios), 2),
        "ratio_min": round(min(ratios), 2),
        "ratio_max": round(max(ratios), 2),
        "bare_rps": round(median(run["rps"] for run in bare)),
        "bare_p99_ms": round(median(run["p99_ms"] for run in bare), 1),
    }


def _strategies() -> list[str]:
    """Tokens of strategies that nobody copies: what is measured ends with the signal."""
    first = a_crowd(followers=0, on_wire=False, venue="", now=datetime.now(UTC))
    tokens = [generate_token() for _ in range(STRATEGIES)]
    Strategy.objects.bulk_create(
        Strategy(
            provider=first.provider,
            name=f"Bench {place}",
            slug=f"{first.slug}-{place}",
            token_digest=digest_of(token),
        )
        for place, token in enumerate(tokens)
    )
    return tokens


def _alerts(doors: list[str], number: int) -> list[tuple[str, str]]:
    """To each door by turns; distinct by their text, as a strategy's alerts are by price."""
    run = token_hex(4)
    return [
        (
            doors[place % len(doors)],
            json.dumps(
                {
                    "symbol": "BINANCE:BTCUSDT.P",
                    "action": "long",
                    "sl_perc": "2",
                    "leverage": 5,
                    "comment": f"{run} {place}",
                }
            ),
        )
        for place in range(number)
    ]


def _counted(port: int, doors: list[str], rows: Callable[[], int]) -> dict[str, Any]:
    """One run; raises RuntimeError unless each alert left one of the ``rows``."""
    before = rows()
    told = _send(port, _alerts(doors, ALERTS))
    written = rows() - before
    if told["not_2xx"] or written != ALERTS:
        raise RuntimeError(f"{written} of {ALERTS}: {told['first_refusal'][:300]}")
    return told


def _send(port: int, alerts: list[tuple[str, str]]) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "mimic.probes.bench.ingest_load"],
        input=json.dumps({"port": port, "connections": CONNECTIONS, "alerts": alerts}),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _bare_rows() -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {TABLE}")  # noqa: S608  # nosec B608  # our own name
        return int(cursor.fetchone()[0])
