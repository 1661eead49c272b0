"""Patch files, the copies of the tree that they are applied to, and what their tests say."""

from __future__ import annotations

import os
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


@dataclass(frozen=True, slots=True)
class Mutant:
    """``test`` is the pytest id of the test that has to notice."""

    path: Path
    test: str

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
        first = path.read_text().partition("\n")[0]
        if not first.startswith(_SAYS):
            raise ValueError(f"{path.name} does not begin with {_SAYS!r}")
        found.append(Mutant(path, first.removeprefix(_SAYS).strip()))
    return found


def is_killed(mutant: Mutant, servers: Mapping[str, str]) -> bool:
    """The named test fails with the patch; ``servers`` are the addresses it is run with. Raises CalledProcessError when it cannot be applied,
    ValueError when pytest ended in any other way than with a failed test.
    """
    copy = COPIES / mutant.name
    _copy_tree(copy)
    _git("apply", str(mutant.path), cwd=copy).check_returncode()
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-x", mutant.test]
    environment = {**os.environ, **servers, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    shutil.rmtree(copy)
    if done.returncode not in (0, _FAILED):
        raise ValueError(f"{mutant.name}: pytest ended with {done.returncode}\n{done.stdout}")
    return done.returncode == _FAILED


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
