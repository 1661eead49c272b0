"""The measurements in the report's words: medians, and ratios of runs taken side by side."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from mimic.probes.bench.measure import Run

Row = dict[str, Any]


def row_of(
    followers: int, delay_ms: int, path: str, runs: Sequence[Run], references: Sequence[float]
) -> Row:
    """``ratio`` is the median of pairwise ratios; None without a reference (paper has none)."""
    acknowledged = [run.last_ack_ms for run in runs]
    ratios = [mine / line for mine, line in zip(acknowledged, references, strict=False)]
    return {
        "followers": followers,
        "delay_ms": delay_ms,
        "path": path,
        "planned_ms": round(median(run.planned_ms for run in runs)),
        "first_sent_ms": round(median(run.first_sent_ms for run in runs)),
        "last_ack_ms": round(median(acknowledged)),
        "persisted_ms": round(median(run.persisted_ms for run in runs)),
        "booked_ms": round(median(run.booked_ms for run in runs)),
        "reference_ms": round(median(references)) if references else None,
        "ratio": round(median(ratios), 2) if ratios else None,
        "ratio_min": round(min(ratios), 2) if ratios else None,
        "ratio_max": round(max(ratios), 2) if ratios else None,
        "naive_threads_ms": None,
        "speedup": None,
        "cpu_s": round(median(run.cpu_s for run in runs), 2),
        "db_ms_per_order": round(median(run.db_ms for run in runs), 3),
        "db_life_ms_per_order": round(median(run.db_life_ms for run in runs), 3),
        "pairs": len(runs),
    }


def with_naive(row: Row, naive_ms: float) -> Row:
    """The row with the naive bot's time, and how many times faster the last row was there."""
    speedup = round(naive_ms / row["persisted_ms"], 1)
    return row | {"naive_threads_ms": round(naive_ms), "speedup": speedup}


def line_of(row: Row) -> str:
    parts = [
        f"{row['followers']:>6} {row['path']:<7} {row['delay_ms']:>2} ms",
        f"planned {row['planned_ms']:>5}  first sent {row['first_sent_ms']:>4}",
        f"last ack {row['last_ack_ms']:>6}",
        f"persisted {row['persisted_ms']:>6}",
        f"booked {row['booked_ms']:>6} ms",
        f"CPU {row['cpu_s']:.2f} s",
        f"db {row['db_ms_per_order']:.3f} (booked {row['db_life_ms_per_order']:.3f}) ms/order",
    ]
    if row["ratio"] is not None:
        spread = f"({row['ratio_min']}-{row['ratio_max']})"
        parts.append(f"ratio {row['ratio']} {spread} of {row['reference_ms']} ms")
    if row["naive_threads_ms"] is not None:
        parts.append(f"naive {row['naive_threads_ms']} ms, {row['speedup']} x")
    return "  ".join(parts)
