"""``make security``: the checks of the security checklist, each with its state, in one report.

Runs the tests that carry ``security(id)`` or are named in ``tests/security/checks.py``, and bandit
(its findings count for check 21). Writes ``var/security/report.json`` and ends with 1 if a check
whose surface exists did not pass.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.security.checks import CHECKS, Check  # noqa: E402

FOLDER = ROOT / "var" / "security"
RESULTS, FINDINGS = FOLDER / "tests.xml", FOLDER / "bandit.json"
PACKAGES = (
    "mimic", "accounts", "affiliates", "billing", "gamification", "signals", "support", "trading",
    "manage.py",
)  # fmt: skip
CRYPTOGRAPHY = 21
_SHOWN = 3

Outcomes = dict[int, dict[str, bool]]


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    run_tests(sys.argv[1:])
    outcomes = outcomes_of(RESULTS)
    outcomes[CRYPTOGRAPHY]["bandit"] = bandit_is_content()
    rows = [row_of(check, outcomes[check.number]) for check in CHECKS]
    (FOLDER / "report.json").write_text(json.dumps(rows, indent=1) + "\n")
    for row in rows:
        print(f"{row['id']:>3} {row['state']:<15} {row['title']}")
    return int(any(row["state"] == "failed" for row in rows))


def run_tests(arguments: list[str]) -> None:
    """Its exit code says nothing that the results do not say."""
    RESULTS.unlink(missing_ok=True)
    marks = "security and not (bench or fuzz or lighthouse)"
    command = [sys.executable, "-m", "pytest", "-q", "-m", marks, f"--junitxml={RESULTS}"]
    subprocess.run([*command, *arguments], cwd=ROOT, check=False)


def outcomes_of(results: Path) -> Outcomes:
    """By check: test to whether it passed. One that was skipped proves nothing and is left out."""
    found: Outcomes = defaultdict(dict)
    for case in ElementTree.parse(results).getroot().iter("testcase"):
        if case.find("skipped") is not None:
            continue
        passed = case.find("failure") is None and case.find("error") is None
        name = f"{case.get('classname')}::{case.get('name')}"
        for each in case.iter("property"):
            if each.get("name") == "security":
                for number in (each.get("value") or "").split(","):
                    found[int(number)][name] = passed
    return found


def bandit_is_content() -> bool:
    """Whether bandit finds nothing of medium weight or more."""
    command = [
        sys.executable, "-m", "bandit", "-q", "-r", *PACKAGES, "-c", "pyproject.toml", "-ll",
        "-f", "json", "-o", str(FINDINGS),
    ]  # fmt: skip
    return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


def row_of(check: Check, outcomes: dict[str, bool]) -> dict[str, object]:
    failed = sorted(name for name, passed in outcomes.items() if not passed)
    if not check.surface:
        state = "no surface yet"
    else:
        state = "passed" if outcomes and not failed else "failed"
    return {
        "id": check.number,
        "title": check.title,
        "state": state,
        "test": failed[:_SHOWN] or sorted({name.partition("[")[0] for name in outcomes}),
        "surface": check.surface,
    }


if __name__ == "__main__":
    sys.exit(main())
