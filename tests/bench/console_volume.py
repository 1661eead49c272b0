"""``make bench-console``: the console on top of a busy year, 95th percentile of each page.

``python -m tests.bench.console_volume [seed|measure]``; without a word both. The servers' folder
is kept, so that one seeding (CONSOLE_ORDERS and CONSOLE_RECEIPTS, 5 M and 1 M) serves many
measurements; ``seed`` begins anew. CONSOLE_HOME names another folder, CONSOLE_ROUNDS the requests a
page (20), CONSOLE_ONLY parts of the names of pages, with commas between them. Writes
``var/bench/console.json`` and fails over the bar.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mimic.ops.embedded import Embedded
from mimic.probes.surroundings import PYTHON, ROOT, fresh_environment

HOME = Path(os.environ.get("CONSOLE_HOME", ROOT / "var" / "embedded-console"))
REPORT = ROOT / "var" / "bench" / "console.json"
LIMIT_MS = 300
ROUNDS = int(os.environ.get("CONSOLE_ROUNDS", "20"))
SERVER = {"shared_buffers": "1GB", "max_wal_size": "16GB", "maintenance_work_mem": "512MB"}


def main(words: Sequence[str]) -> int:
    """Each step is a process of its own: settings are read when the servers are there."""
    steps = list(words) or ([] if (HOME / "seeded").exists() else ["seed"]) + ["measure"]
    if "seed" in steps:
        shutil.rmtree(HOME, ignore_errors=True)
    with Embedded(HOME, durable=False, settings=SERVER) as pair:
        environment = fresh_environment(pair, {}, 0)
        for step in steps:
            command = [PYTHON, "-m", "tests.bench.console_volume", f"--{step}"]
            done = subprocess.run(command, cwd=ROOT, env=environment, check=False)
            if done.returncode:
                return done.returncode
    return 0


def seed() -> int:
    from django.core.management import call_command
    from django.utils import timezone

    from tests.bench.console_books import Size, a_busy_year

    began = time.monotonic()
    call_command("migrate", interactive=False, verbosity=0)
    size = Size(
        orders=int(os.environ.get("CONSOLE_ORDERS", "5000000")),
        receipts=int(os.environ.get("CONSOLE_RECEIPTS", "1000000")),
    )
    a_busy_year(size, timezone.now())
    (HOME / "seeded").touch()
    print(f"seeded in {time.monotonic() - began:.0f} s")
    return 0


def measure() -> int:
    from django.utils import timezone

    from tests.bench.console_books import a_busy_hour, rows_of_tables
    from tests.bench.console_ways import all_ways
    from tests.bench.timed import Timed, timed
    from tests.console.cast import an_operators_browser

    logging.disable(logging.INFO)
    a_busy_hour(timezone.now())
    browser = an_operators_browser(f"operator-{time.time_ns()}@bench.mimic")
    found: list[Timed] = []
    slow: list[str] = []
    only = os.environ.get("CONSOLE_ONLY", "").split(",")
    for way in (way for way in all_ways() if any(part in way.name for part in only)):
        each = timed(browser, way.name, way.url, rounds=ROUNDS)
        print(each, flush=True)
        found.append(each)
        if way.judged and (each.status != 200 or each.p95 > LIMIT_MS):
            slow.append(way.name)
    _report(found, rows_of_tables())
    print(f"{len(found)} ways, {len(slow)} over {LIMIT_MS} ms at p95", *slow, sep="\n")
    return 1 if slow else 0


def _report(found: Sequence[Any], rows: dict[str, int]) -> None:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    written = {
        "limit_ms": LIMIT_MS, "rounds": ROUNDS, "rows": rows,
        "ways": [each.as_dict() for each in found],
    }  # fmt: skip
    REPORT.write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    inner = {"--seed": seed, "--measure": measure}
    asked = sys.argv[1:]
    if asked and asked[0] in inner:
        import django

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mimic.settings")
        django.setup()
        sys.exit(inner[asked[0]]())
    sys.exit(main(asked))
