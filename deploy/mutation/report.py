"""The table, ``report.json`` by portion and file, and what each survivor looks like."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.mutation.faults import Fault
from deploy.mutation.known import Verdict

NEEDED = 0.9
KINDS = ("found", "late", "missed", "untested", "waiting")
"""``late``: a test's time was up, which is found as well; ``waiting``: nobody has looked yet."""


def write_report(
    home: Path, faults: Mapping[str, Sequence[Fault]], verdicts: Mapping[str, Verdict]
) -> float:
    """Returns the part of all faults that was found."""
    by_portion: dict[str, Counter[str]] = {}
    by_file: dict[str, Counter[str]] = defaultdict(Counter)
    survivors = []
    for name, each in faults.items():
        counts = by_portion[name] = Counter[str]()
        for fault in each:
            kind = _kind(verdicts.get(fault.key))
            counts[kind] += 1
            by_file[fault.path][kind] += 1
            if kind not in {"found", "late"}:
                survivors.append(f"{fault.key} {kind} {fault.shown()}")
    total = sum(by_portion.values(), Counter[str]())
    rows = {name: _row(counts) for name, counts in {**by_portion, "all": total}.items()}
    files = {name: _row(counts) for name, counts in by_file.items()}
    looked = [
        verdicts[f.key].seconds for each in faults.values() for f in each if f.key in verdicts
    ]
    told = {"needed": NEEDED, "portions": rows, "files": files}
    told["processor_seconds_each"] = round(sum(looked) / len(looked), 3) if looked else None
    (home / "report.json").write_text(json.dumps(told, indent=1) + "\n")
    (home / "survivors.txt").write_text("\n\n".join(survivors) + "\n")
    _print({**files, **rows})
    return float(rows["all"]["part"])


def _kind(verdict: Verdict | None) -> str:
    if verdict is None:
        return "waiting"
    if verdict.by:
        return "late" if verdict.late else "found"
    return "missed" if verdict.tried else "untested"


def _row(counts: Counter[str]) -> dict[str, Any]:
    found, looked = counts["found"] + counts["late"], counts.total() - counts["waiting"]
    return {
        **{kind: counts[kind] for kind in KINDS},
        "part": round(found / counts.total(), 4) if found else 0.0,
        "of_looked_at": round(found / looked, 4) if found else 0.0,
    }


def _print(rows: Mapping[str, Mapping[str, Any]]) -> None:
    """The last column is the part found of all, and of those that were looked at."""
    print(f"{'':42}" + "".join(f"{kind:>10}" for kind in KINDS))
    for name, row in rows.items():
        counts = "".join(f"{row[kind]:>10}" for kind in KINDS)
        print(f"{name:42}{counts}{row['part']:>9.1%}{row['of_looked_at']:>9.1%}")
