"""Sweepers find the rows whose nudge was lost. The sentinel runs them from Postgres alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Sweeper:
    """``run(now)`` returns how many rows it took up; it is safe to run anywhere and twice."""

    name: str
    every: timedelta
    run: Callable[[datetime], int]


_sweepers: dict[str, Sweeper] = {}


def register_sweeper(name: str, run: Callable[[datetime], int], *, every: timedelta) -> None:
    """Called from ``AppConfig.ready``; the same name registered twice keeps the last."""
    _sweepers[name] = Sweeper(name, every, run)


def all_sweepers() -> list[Sweeper]:
    return list(_sweepers.values())
