"""A few faults of ``make chaos``, with real servers and processes; the whole is run by itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "var" / "chaos" / "short"  # its cluster and template are made once
FAULTS = {9, 13, 16, 22}  # lost answers, doubled jobs and news, batches, closes that race


@pytest.mark.slow
@pytest.mark.chaos
def test_a_few_faults_leave_every_oracle_whole(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    chosen = ",".join(map(str, sorted(FAULTS)))
    command = [sys.executable, "-m", "tests.chaos", "--faults", chosen, "--modes", "strict"]
    command += ["--report", str(report), "--home", str(HOME)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(report.read_text())
    assert {row["id"] for row in rows} == FAULTS
    for row in rows:
        assert row["oracles"] == {
            name: None if name in ("O5", "O6") else True
            for name in ("O1", "O2", "O3", "O4", "O5", "O6", "O7", "O8")
        }
