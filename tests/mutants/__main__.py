"""``python -m tests.mutants [NAME…]``: ends with 1 if a mutant lives."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence

from mimic.ops.embedded import Embedded
from tests.mutants.patches import SERVERS, Mutant, is_killed, mutants


def main(names: list[str]) -> int:
    """One pair of servers for all, and the copies' templates are kept in it."""
    chosen = [mutant for mutant in mutants() if not names or mutant.name in names]
    with Embedded(SERVERS, durable=False) as pair:
        return 0 if _all_killed(chosen, pair.environment) else 1


def _all_killed(chosen: Sequence[Mutant], servers: Mapping[str, str]) -> bool:
    alive = 0
    for mutant in chosen:
        started = time.monotonic()
        killed = is_killed(mutant, servers)
        alive += not killed
        word = "killed" if killed else "LIVES "
        seconds = time.monotonic() - started
        print(f"{word} {mutant.name} by {mutant.test} in {seconds:.0f} s", flush=True)
    return not alive


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
