"""Ends ``make mutants``: fails below the share of mutants that the tests have to find."""

from __future__ import annotations

import json
import sys
from pathlib import Path

FILE = Path("mutants/mutmut-cicd-stats.json")
NEEDED = 0.9
FOUND = ("killed", "timeout", "segfault")


def main() -> int:
    """0 if enough were found; what no test reaches counts as not found."""
    told = json.loads(FILE.read_text())
    share = sum(told[name] for name in FOUND) / told["total"]
    print(f"{share:.1%} of {told['total']} mutants found ({told})")
    return 0 if share >= NEEDED else 1


if __name__ == "__main__":
    sys.exit(main())
