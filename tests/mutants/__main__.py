"""``python -m tests.mutants [--schedules] [NAME…]``: ends with 1 if a mutant lives.

With ``--schedules`` it is not the named tests that have to notice but the 200 random schedules; the
mutants of what those do not run through (``Schedules: no`` in the patch) are left out.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence

from mimic.ops.embedded import Embedded
from tests.mutants.patches import SERVERS, Mutant, is_killed, mutants, schedule_that_kills

Judge = Callable[[Mutant, Mapping[str, str]], str]
"""What killed the mutant, in words; empty when it lives."""


def main() -> int:
    """One pair of servers for all, and the copies' templates are kept in it."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--schedules", action="store_true")
    options = parser.parse_args()
    chosen = [each for each in mutants() if not options.names or each.name in options.names]
    judge = _by_test
    if options.schedules:
        judge, chosen = _by_schedules, [each for each in chosen if each.in_schedules]
    with Embedded(SERVERS, durable=False) as pair:
        return 0 if _all_killed(chosen, judge, pair.environment) else 1


def _by_test(mutant: Mutant, servers: Mapping[str, str]) -> str:
    return f"by {mutant.test}" if is_killed(mutant, servers) else ""


def _by_schedules(mutant: Mutant, servers: Mapping[str, str]) -> str:
    return schedule_that_kills(mutant, servers)


def _all_killed(chosen: Sequence[Mutant], judge: Judge, servers: Mapping[str, str]) -> bool:
    alive = 0
    for mutant in chosen:
        started = time.monotonic()
        killer = judge(mutant, servers)
        alive += not killer
        word = "killed" if killer else "LIVES "
        seconds = time.monotonic() - started
        print(f"{word} {mutant.name} {killer} in {seconds:.0f} s", flush=True)
    return not alive


if __name__ == "__main__":
    sys.exit(main())
