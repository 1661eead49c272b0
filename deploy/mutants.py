"""``make mutants``: puts small faults into the rules of copying and counts those that tests find.

In portions, two at a time, each with servers and a copy of the tree of its own in ``var/mutants``.
A portion that was cut off goes on where it stood; one whose code or tests have changed since
begins anew. ``make mutants PORTIONS="domain settings"`` runs some alone, ``PORTIONS="--missed
domain"`` those of them that were missed, with the tests as they are now. Ends with 1 if fewer than
``NEEDED`` were found. Survivors stand in ``var/mutants/survivors.txt``; to see one:
``cd var/mutants/domain && ../../../.venv/bin/mutmut show <name>``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / "var" / "mutants"
BIN = Path(sys.executable).parent
AT_ONCE = 2
NEEDED = 0.9
FOUND = {1, 3, 24, -24, 36, 152, 255, -11, -9}
"""mutmut's exit codes: a test failed, the time was up, the process fell over."""
_RUNNING: list[subprocess.Popen[bytes]] = []
LEFT_OUT = {"var", "mutants", ".git", ".venv", "pyproject.toml", "tests"}
LEFT_OUT_TESTS = {"e2e", "bench", "__pycache__"}


class Portion(NamedTuple):
    """Files whose faults are looked for, and the tests that look for them."""

    files: tuple[str, ...]
    tests: tuple[str, ...]
    but: tuple[str, ...] = ()


COPYING = "trading/copying/{}.py".format
DECIDING = tuple(map(COPYING, ("chunks", "fanout", "followers", "intend", "snapshots")))
SETTINGS = tuple(
    map(COPYING, ("settings*", "limits_selectors", "preview*", "subscription_states", "venue_*"))
)
PAGES = tuple(
    map(COPYING, ("selectors", "copies_selectors", "receipt_detail", "summary", "wording"))
)
PORTIONS = {
    "domain": Portion(("trading/domain/*",), ("tests/domain", "tests/docs")),
    "deciding": Portion(DECIDING, ("tests/domain", "tests/copying", "tests/guards/test_cancel.py")),
    "settings": Portion(
        SETTINGS,
        (
            "tests/copying", "tests/api/test_settings.py", "tests/web/test_copies_page.py",
            "tests/web/test_copy_at_venue.py", "tests/web/test_copy_settings_page.py",
        ),
    ),
    "pages": Portion(
        PAGES,
        (
            "tests/copying", "tests/api/test_lists.py", "tests/api/test_receipts.py",
            "tests/web/test_copies_page.py",
        ),
    ),
    "rest": Portion(
        ("trading/copying/*",),
        (
            "tests/copying", "tests/guards/test_cancel.py", "tests/web/test_sockets_rows.py",
            "tests/web/test_start_page.py", "tests/web/test_approvals_page.py",
            "tests/console/test_test_signal.py", "tests/execution/test_days.py",
        ),
        but=DECIDING + SETTINGS + PAGES,
    ),
}  # fmt: skip


def main(names: list[str], *, missed: bool) -> int:
    """Returns 0 if enough were found, counting portions that ran before as well."""
    for name in names:
        _prepare(HOME / name, PORTIONS[name], missed=missed)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ends = list(pool.map(_run, names))
    counts, survivors = Counter[tuple[str, bool]](), []
    for module, mutant, code in _results():
        counts[module, code in FOUND] += 1
        if code not in FOUND:
            survivors.append(f"{mutant} {'no test' if code in {5, 33} else code}")
    (HOME / "survivors.txt").write_text("\n".join(survivors) + "\n")
    for module in sorted({module for module, _ in counts}):
        _tell(module, counts[module, True], counts[module, False])
    found = counts.total() - len(survivors)
    if counts:
        _tell("all", found, len(survivors))
    return int(any(ends) or not counts or found < NEEDED * counts.total())


def _tell(name: str, found: int, missed: int) -> None:
    print(f"{name:40} {found:5} of {found + missed:5} found, {found / (found + missed):6.1%}")


def _run(name: str) -> int:
    """mutmut in the portion's folder, to its end; its exit code."""
    servers = [sys.executable, "-m", "mimic.ops.embedded", "run", "--home", "servers", "--volatile"]
    command = [*servers, "--", str(BIN / "mutmut"), "run", "--max-children", "1"]
    with (HOME / f"{name}.log").open("wb") as log:
        running = subprocess.Popen(command, cwd=HOME / name, stdout=log, stderr=log)
        _RUNNING.append(running)
        code = running.wait()
    if code:
        print(f"{name}: mutmut ended with {code}, see {HOME / name}.log")
    return code


def _leave(_number: int, _frame: FrameType | None) -> None:
    """What was found so far is kept, and the servers end."""
    for running in _RUNNING:
        running.terminate()


def _prepare(folder: Path, portion: Portion, *, missed: bool) -> None:
    """The tree as links, with the portion's own settings for mutmut."""
    state = folder / "made-from"
    digest = _digest(portion)
    if missed:
        _forget_missed(folder / "mutants")
        _configure(folder, portion)
    elif state.exists() and state.read_text() == digest:
        return
    else:
        _make(folder, portion)
    state.write_text(digest)


def _forget_missed(mutants: Path) -> None:
    """mutmut looks for these again, and finds out anew which tests run through what."""
    (mutants / "mutmut-stats.json").unlink()
    for path in mutants.glob("trading/*/*.meta"):
        told = json.loads(path.read_text())
        codes = told["exit_code_by_key"]
        codes |= {mutant: None for mutant, code in codes.items() if code not in FOUND}
        path.write_text(json.dumps(told))


def _make(folder: Path, portion: Portion) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tests").mkdir(parents=True)
    for source, skipped in ((ROOT, LEFT_OUT), (ROOT / "tests", LEFT_OUT_TESTS)):
        for path in _tree(source, skipped):
            (folder / path.relative_to(ROOT)).symlink_to(path)
    _configure(folder, portion)


def _configure(folder: Path, portion: Portion) -> None:
    settings = (ROOT / "pyproject.toml").read_text() + _settings(portion)
    (folder / "pyproject.toml").write_text(settings)


def _settings(portion: Portion) -> str:
    told: dict[str, list[str]] = {
        "source_paths": [str(Path(portion.files[0]).parent)],
        "only_mutate": [*portion.files],
        "do_not_mutate": [*portion.but],
        "also_copy": sorted(path.name for path in _tree(ROOT, LEFT_OUT)),
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "-n", "0", "--reuse-db"],
        "pytest_add_cli_args_test_selection": [*portion.tests],
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in told.items()]
    return "\n".join(["", "[tool.mutmut]", "use_git_change_detection = false", *lines, ""])


def _tree(folder: Path, skipped: set[str]) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.name not in skipped and path.name[0] != ".")


def _digest(portion: Portion) -> str:
    digest = hashlib.sha256(repr(portion).encode())
    for folder in ("trading", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _results() -> Iterator[tuple[str, str, int | None]]:
    """File, mutant and exit code of all that are known; None where nobody has looked yet."""
    for name in PORTIONS:
        for path in sorted((HOME / name / "mutants" / "trading").glob("*/*.meta")):
            codes = json.loads(path.read_text())["exit_code_by_key"]
            module = str(path.relative_to(HOME / name / "mutants").with_suffix(""))
            yield from ((module, mutant, code) for mutant, code in codes.items())


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _leave)
    asked = [name for name in sys.argv[1:] if name != "--missed"]
    sys.exit(main(asked or list(PORTIONS), missed="--missed" in sys.argv))
