"""What earlier runs found, one JSON line each in ``var/mutants``; a later line is the truer one.

A fault is known by the text of its function and what the test's file (with the data beside it)
holds: change a function and its faults are looked for anew, change a test and what it found is.
What is called from there may change unseen: ``make mutants PORTIONS=--afresh`` forgets everything.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple


class Test(NamedTuple):
    """Alone in a child: how long it took, and the lines it went through, by file.

    ``sources`` has the digests of these files: with another text, lines are others.
    """

    digest: str
    seconds: float
    passed: bool
    lines: dict[str, list[int]]
    sources: dict[str, str]


class Verdict(NamedTuple):
    """``by`` names the test that noticed; ``tried`` are those that did not, with their digests."""

    by: str | None
    digest: str
    late: bool
    tried: dict[str, str]
    seconds: float


class Book:
    """A file of lines ``[key, record]``, appended to as things become known."""

    def __init__(self, path: Path, record: Any) -> None:
        self._path = path
        self.known: dict[str, Any] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                key, values = json.loads(line)
                self.known[key] = record(*values)

    def keep(self, key: str, values: Any) -> None:
        self.known[key] = values
        with self._path.open("a") as file:
            file.write(json.dumps([key, values]) + "\n")


@cache
def digest_of(path: Path) -> str:
    """Of a file; of a test's with the data that lies beside it."""
    digest = hashlib.sha256(path.read_bytes())
    if path.name.startswith("test_"):
        for beside in sorted(path.parent.rglob("*")):
            if beside.is_file() and beside.suffix not in {".py", ".pyc"}:
                digest.update(beside.read_bytes())
    return digest.hexdigest()[:12]
