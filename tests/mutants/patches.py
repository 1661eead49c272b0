"""Patch files, the copies of the tree that they are applied to, and what their tests say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parents[1]
COPIES = ROOT / "var" / "mutants"
SERVERS = ROOT / "var" / "mutants-servers"
_FAILED = 1  # pytest's exit code when tests ran and some failed
_SAYS = "Test: "
_LEFT_OUT = "Schedules: no"
_SCHEDULES = "tests/execution/test_schedules.py::test_no_schedule_doubles_or_loses_anything"
_BROKEN = re.compile(r"seed (\d+), (\d+) steps")


@dataclass(frozen=True, slots=True)
class Mutant:
    """``test`` is the pytest id of the test that has to notice; ``in_schedules``: the random
    schedules run through what it changes, and have to notice too.
    """

    path: Path
    test: str
    in_schedules: bool = True

    @property
    def name(self) -> str:
        return self.path.stem

    def applies(self) -> bool:
        """Whether the code that it changes still reads as the patch expects."""
        return _git("apply", "--check", str(self.path), cwd=ROOT).returncode == 0


def mutants() -> list[Mutant]:
    """By name. Raises ValueError for a patch that names no test."""
    found = []
    for path in sorted(FOLDER.glob("*.patch")):
        first, second, *_ = path.read_text().splitlines()
        if not first.startswith(_SAYS):
            raise ValueError(f"{path.name} does not begin with {_SAYS!r}")
        test = first.removeprefix(_SAYS).strip()
        found.append(Mutant(path, test, not second.startswith(_LEFT_OUT)))
    return found


def is_killed(mutant: Mutant, servers: Mapping[str, str]) -> bool:
    """Whether the named test fails with the patch. Raises as :func:`_tested` does."""
    return _tested(mutant, mutant.test, servers).returncode == _FAILED


def schedule_that_kills(mutant: Mutant, servers: Mapping[str, str]) -> str:
    """The first seed that notices and how short its schedule can be made, in words; empty when
    none of the 200 does. Raises as :func:`_tested` does.
    """
    found = _BROKEN.search(_tested(mutant, _SCHEDULES, servers).stdout)
    return f"by seed {found[1]}, shortened to {found[2]} steps" if found else ""


def _tested(
    mutant: Mutant, test: str, servers: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """``test`` run with the patch; ``servers`` are the addresses it is run with. Raises
    CalledProcessError when the patch cannot be applied, ValueError when pytest ended in any other
    way than with passed or failed tests.
    """
    copy = COPIES / mutant.name
    _copy_tree(copy)
    _git("apply", str(mutant.path), cwd=copy).check_returncode()
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-x", test]
    environment = {**os.environ, **servers, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    shutil.rmtree(copy)
    if done.returncode not in (0, _FAILED):
        raise ValueError(f"{mutant.name}: pytest ended with {done.returncode}\n{done.stdout}")
    return done


def _copy_tree(target: Path) -> None:
    """What git knows of, as it stands now; the environment is shared."""
    shutil.rmtree(target, ignore_errors=True)
    listed = _git("ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    for name in listed.stdout.splitlines():
        source, copy = ROOT / name, target / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    _git("init", "-q", cwd=target).check_returncode()


def _git(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", *arguments], cwd=cwd, capture_output=True, text=True)
