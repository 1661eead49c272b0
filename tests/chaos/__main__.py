"""``python -m tests.chaos [--faults 1,2] [--modes strict] [--missing] [--seeds 10000]``

Real Postgres, Redis and processes against the simulated venue; with ``--seeds`` random schedules
in simulated time instead (:mod:`tests.schedules`). Ends with 1 if anything fails. The whole takes a
quarter of an hour: ``--missing`` goes on where another run of the same commit was cut off.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from tests.chaos.servers import Servers

T = TypeVar("T")
VAR = Path(__file__).resolve().parents[2] / "var" / "chaos"
MODES = ("open", "strict")
_PORTION = 500  # schedules between two lines of progress


def main() -> int:
    options = _arguments()
    with Servers(options.home) as servers:
        os.environ.update(servers.environment())
        return _played(servers, options)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--faults", default="", help="numbers of the fault matrix; empty for all")
    parser.add_argument("--modes", default="", help="open, strict, or empty for both")
    parser.add_argument("--missing", action="store_true", help="what did not pass at this commit")
    parser.add_argument(
        "--seeds", type=int, default=0, help="random schedules of seeds below instead"
    )
    parser.add_argument("--first", type=int, default=0, help="the seed to begin with")
    parser.add_argument("--report", type=Path, default=VAR / "report.json")
    parser.add_argument("--home", type=Path, default=VAR / "servers")
    return parser.parse_args()


def _played(servers: Servers, options: argparse.Namespace) -> int:
    """Django is set up here: its settings name the servers that were just started."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    import mimic.celery  # noqa: F401  (nudges go to the broker that was just started)
    from tests.template import ScratchDatabase

    def migrate() -> None:
        call_command("migrate", interactive=False, verbosity=0)
        connections.close_all()

    ScratchDatabase(os.environ["DATABASE_URL"]).prepare(migrate)
    _share_signer()
    if options.seeds:
        return _schedules(range(options.first, options.seeds))
    return _faults(servers, options)


def _faults(servers: Servers, options: argparse.Namespace) -> int:
    from tests.chaos import reports, run
    from tests.chaos.faults import FAULTS
    from tests.chaos.workers import Workers

    workers = Workers(os.environ, options.home / "logs")
    commit = reports.commit_of_this_tree()
    wanted = _wanted(options, sorted(FAULTS))
    if options.missing:
        wanted = reports.without_passed(wanted, options.report, commit)
    rows = []
    try:
        for row in run.play_all(servers, workers, wanted):
            rows.append(row)
            reports.write(options.report, row | {"commit": commit})
            _tell(row)
    finally:
        workers.stop()
    return 0 if all(row["passed"] for row in rows) else 1


def _wanted(options: argparse.Namespace, every: Sequence[int]) -> dict[str, list[int]]:
    """The faults of each mode."""
    faults = _chosen(options.faults, every, int)
    return {mode: list(faults) for mode in _chosen(options.modes, MODES, str)}


def _schedules(seeds: range) -> int:
    from tests.cast import a_market, a_person
    from tests.schedules.play import play_seeds

    a_market()
    owner, broken, started = a_person(), 0, time.monotonic()
    for first in range(seeds.start, seeds.stop, _PORTION):
        portion = range(first, min(first + _PORTION, seeds.stop))
        for each in play_seeds(portion, owner):
            broken += 1
            print(each, flush=True)
        played, took = portion.stop - seeds.start, time.monotonic() - started
        print(f"{played - broken} of {played} schedules from {seeds.start} held, {took:.0f} s",
              flush=True)  # fmt: skip
    return 1 if broken else 0


def _share_signer() -> None:
    """Whoever seals keys needs the public half of the key that opens them."""
    import base64

    from django.conf import settings

    from trading.execution.signer import signer_public_key

    public = signer_public_key(settings.MASTER_KEYS[0])
    os.environ["SIGNER_PUBLIC_KEY"] = base64.b64encode(public).decode()
    settings.SIGNER_PUBLIC_KEY = public


def _chosen(text: str, every: Sequence[T], read: Callable[[str], T]) -> list[T]:
    return [read(part) for part in text.split(",")] if text else list(every)


def _tell(row: dict[str, object]) -> None:
    mark = "ok  " if row["passed"] else "FAIL"
    head = f"{mark} {row['id']:>2} {row['mode']:<6} {row['seconds']:>5} s"
    print(f"{head}  {row['name']}", flush=True)
    if not row["passed"]:
        for line in row["observed"]:  # type: ignore[attr-defined]
            print(f"        {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
