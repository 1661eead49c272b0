"""A chaos run that was cut off goes on where it stopped, on the same commit alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.chaos.reports import without_passed, write

WANTED = {"open": [1, 2], "strict": [1, 2]}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "chaos" / "report.json"
    rows = [(2, "open", False, "new"), (1, "open", True, "new"), (1, "strict", True, "old")]
    for fault, mode, passed, commit in rows:
        write(path, {"id": fault, "mode": mode, "passed": passed, "commit": commit})
    return path


def test_what_passed_at_this_commit_is_not_played_again(report: Path) -> None:
    assert without_passed(WANTED, report, "new") == {"open": [2], "strict": [1, 2]}


@pytest.mark.parametrize("commit", ["", "new+"])
def test_a_tree_that_no_commit_tells_of_has_passed_nothing(report: Path, commit: str) -> None:
    assert without_passed(WANTED, report, commit) == WANTED


def test_a_mode_with_nothing_left_is_left_out(report: Path) -> None:
    assert without_passed({"open": [1]}, report, "new") == {}


def test_a_row_takes_the_place_of_the_older_one(report: Path) -> None:
    write(report, {"id": 2, "mode": "open", "passed": True, "commit": "new"})
    rows = json.loads(report.read_text())
    assert [(row["id"], row["mode"], row["passed"]) for row in rows] == [
        (1, "open", True), (1, "strict", True), (2, "open", True),
    ]  # fmt: skip
