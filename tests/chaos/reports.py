"""``var/chaos/report.json``: one row a fault and mode, each with the commit it was seen at."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
Row = dict[str, Any]


def commit_of_this_tree() -> str:
    """Short, with ``+`` after it while anything is changed; empty where there is no git."""
    try:
        head = _git("rev-parse", "--short", "HEAD")
        return f"{head}+" if _git("status", "--porcelain") else head
    except (OSError, subprocess.CalledProcessError):
        return ""


def write(report: Path, row: Row) -> None:
    """The row takes the place of an older one of the same fault and mode."""
    fresh = {_key(each): each for each in [*_known(report), row]}
    report.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([fresh[key] for key in sorted(fresh)], indent=1)
    report.write_text(text + "\n")


def without_passed(
    wanted: Mapping[str, Sequence[int]], report: Path, commit: str
) -> dict[str, list[int]]:
    """``wanted`` (faults of each mode) without what passed at ``commit``; a tree with changes, or
    of no known commit, has passed nothing.
    """
    sound = commit and not commit.endswith("+")
    passed = {_key(row) for row in _known(report)
              if sound and row["passed"] and row.get("commit") == commit}  # fmt: skip
    left = {
        mode: [fault for fault in faults if (fault, mode) not in passed]
        for mode, faults in wanted.items()
    }
    return {mode: faults for mode, faults in left.items() if faults}


def _known(report: Path) -> list[Row]:
    return json.loads(report.read_text()) if report.exists() else []


def _key(row: Row) -> tuple[int, str]:
    return row["id"], row["mode"]


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
