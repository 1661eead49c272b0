"""What processes used of the machine, from proc(5)."""

from __future__ import annotations

import os
import platform
from pathlib import Path

PROC = Path("/proc")


def cpu_of(pid: int) -> float:
    """Seconds of CPU that this process and its living descendants have used."""
    ticks = sum(sum(map(int, _stat(each)[11:13])) for each in family(pid))
    return ticks / os.sysconf("SC_CLK_TCK")


def waited_of(pid: int) -> float:
    """Seconds that this process's first thread was ready to run and had no core (schedstat)."""
    return int((PROC / str(pid) / "schedstat").read_text().split()[1]) / 1e9


def private_kib_of(pid: int) -> int:
    """Memory that this process and its descendants share with nobody (USS)."""
    total = 0
    for each in family(pid):
        for line in (PROC / str(each) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Private_"):
                total += int(line.split()[1])
    return total


def family(pid: int) -> list[int]:
    """The process and its descendants, parents first."""
    parents = {
        int(folder.name): int(fields[1])
        for folder in PROC.glob("[0-9]*")
        if (fields := _stat(int(folder.name)))
    }
    found = [pid]
    for member in found:
        found += [child for child, parent in parents.items() if parent == member]
    return found


def machine() -> str:
    """One line that tells figures of one machine from those of another."""
    info = (PROC / "cpuinfo").read_text().splitlines()
    names = [line.split(":")[1].strip() for line in info if line.startswith("model name")]
    return (
        f"{names[0] if names else platform.machine()}, {os.cpu_count()} cores, "
        f"Linux {platform.release()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.2f}"
    )


def _stat(pid: int) -> list[str]:
    """Fields of proc(5) stat from the state on; none when the process is gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
