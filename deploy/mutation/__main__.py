"""``make mutants``: puts small faults into the rules of copying and counts those that tests find.

Goes on where it was cut off and looks only for what a change touched (``known.py``). ``make
mutants PORTIONS="domain settings"`` looks in some alone, ``PORTIONS=--afresh`` forgets what is
known, ``PORTIONS=--sample=150`` looks at a fair sample of so many faults a portion. Ends with 1 if
fewer than ``NEEDED`` are found in all portions. ``var/mutants/report.json`` has the figures by
file, ``survivors.txt`` the faults that nobody found. What is left out by rule stands in
``rules.py``.
"""

from __future__ import annotations

import signal
import sys
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple

import pytest

from deploy.mutation.faults import faults_of
from deploy.mutation.hunt import Hunt
from deploy.mutation.known import Book, Test, Verdict
from deploy.mutation.report import NEEDED, write_report

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "mutants"
SAMPLE = "--sample="


class Portion(NamedTuple):
    """Files by pattern, but those that a portion before has taken."""

    name: str
    files: tuple[str, ...]


COPYING = "trading/copying/{}.py".format
PORTIONS = (
    Portion("domain", ("trading/domain/**/*.py",)),
    Portion(
        "deciding", tuple(map(COPYING, ("chunks", "fanout", "followers", "intend", "snapshots")))
    ),
    Portion(
        "settings",
        tuple(
            map(
                COPYING,
                ("settings*", "limits_selectors", "preview*", "subscription_states", "venue_*"),
            )
        ),
    ),
    Portion(
        "pages",
        tuple(
            map(COPYING, ("selectors", "copies_selectors", "receipt_detail", "summary", "wording"))
        ),
    ),
    Portion("targets", (COPYING("targets/*"),)),
    Portion("masters", (COPYING("masters/*"),)),
    Portion("rest", (COPYING("*"),)),
)
TESTS = (
    "tests/web/test_copies_page.py", "tests/copying", "tests/domain", "tests/docs",
    "tests/guards", "tests/masters", "tests/market/test_calendars.py", "tests/audit/test_trail.py",
    "tests/api/test_lists.py", "tests/api/test_receipts.py", "tests/api/test_settings.py",
    "tests/console/test_test_signal.py", "tests/console/test_trading_screens.py",
    "tests/execution/test_cancels.py", "tests/execution/test_days.py",
    "tests/execution/test_venue_settings.py", "tests/web/test_approvals_page.py",
    "tests/web/test_copy_at_venue.py", "tests/web/test_copy_join_page.py",
    "tests/web/test_copy_settings_page.py", "tests/web/test_copy_stop_page.py",
    "tests/web/test_masters_page.py", "tests/web/test_sockets_rows.py",
    "tests/web/test_start_page.py",
)  # fmt: skip
NOT_THESE = "not (bench or e2e or lighthouse or fuzz or chaos or slow)"
OPTIONS = (
    "-n", "0", "-s", "-q", "-p", "no:cacheprovider", "-m", NOT_THESE,
    "--assert=plain", "--tb=native",  # nobody reads why a test failed
)  # fmt: skip


def main(asked: set[str]) -> int:
    sample = next((int(each[len(SAMPLE) :]) for each in asked if each.startswith(SAMPLE)), None)
    asked = {each for each in asked if not each.startswith(SAMPLE)}
    if asked - {portion.name for portion in PORTIONS} - {"--afresh"}:
        sys.exit(f"no such portion; there are {[portion.name for portion in PORTIONS]}")
    HOME.mkdir(parents=True, exist_ok=True)
    books = [HOME / "tests.jsonl", HOME / "verdicts.jsonl"]
    if "--afresh" in asked:
        for path in books:
            path.unlink(missing_ok=True)
    tests, verdicts = Book(books[0], Test), Book(books[1], Verdict)
    names = asked - {"--afresh"} or {portion.name for portion in PORTIONS}
    files = files_of_portions()
    faults = {
        name: [fault for path in paths for fault in faults_of(path, ROOT, HOME / "faults")]
        for name, paths in files.items()
        if name in names
    }
    if sample is not None:  # their keys are digests, so the first ones are like all
        faults = {
            name: sorted(found, key=attrgetter("key"))[:sample] for name, found in faults.items()
        }
    every = [fault for found in faults.values() for fault in found]
    hunt = Hunt(ROOT, [path for each in files.values() for path in each], every, tests, verdicts)
    code = pytest.main([*OPTIONS, *TESTS], plugins=[hunt])
    found = write_report(HOME, faults, verdicts.known)
    return int(bool(code) or found < NEEDED)


def files_of_portions() -> dict[str, list[str]]:
    taken, named = set[Path](), {}
    for portion in PORTIONS:
        files = {path for pattern in portion.files for path in ROOT.glob(pattern)} - taken
        taken |= files
        named[portion.name] = sorted(str(path.relative_to(ROOT)) for path in files)
    return named


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is known by then is told
    sys.exit(main(set(sys.argv[1:])))
