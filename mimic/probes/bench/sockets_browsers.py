"""The processes that play the browsers, told what to do a line at a time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from mimic.probes.bench.sockets_crowd import Holder

PROCESSES = 2
_PROGRAM = "mimic.probes.bench.sockets_load"


class Browsers:
    """All of them; each process plays its part of the people."""

    def __init__(self) -> None:
        self._players = [
            subprocess.Popen(
                [sys.executable, "-m", _PROGRAM],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(PROCESSES)
        ]
        self.pids = [player.pid for player in self._players]

    def open(self, port: int, channels: Sequence[str], holders: Sequence[Holder]) -> dict[str, Any]:
        """Everybody opens a socket and subscribes; seconds until the last was answered."""
        orders = []
        for place in range(PROCESSES):
            people = [(each.cookie, each.position) for each in holders[place::PROCESSES]]
            orders.append({"do": "open", "port": port, "channels": channels, "people": people})
        return _together(self._ask(orders))

    def storm(self) -> dict[str, Any]:
        """Every connection is cut, and all come back at once."""
        return _together(self._ask([{"do": "storm"}] * PROCESSES))

    def collect(self, kind: str) -> dict[str, list[float]]:
        """When each message of a ``kind`` came, by its name; forgets the rest.

        Raises RuntimeError when somebody was refused, or heard of another's position.
        """
        heard: defaultdict[str, list[float]] = defaultdict(list)
        answers = self._ask([{"do": "collect"}] * PROCESSES)
        wrong = {name: sum(answer[name] for answer in answers) for name in ("foreign", "refused")}
        if any(wrong.values()):
            raise RuntimeError(f"{wrong['foreign']} foreign, {wrong['refused']} refused")
        for answer in answers:
            for name, times in answer[kind].items():
                heard[name] += times
        return heard

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for player in self._players:
            player.kill()
            player.communicate()

    def _ask(self, orders: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """All begin before the first is waited for."""
        for player, order in zip(self._players, orders, strict=True):
            if player.stdin is not None:
                player.stdin.write(json.dumps(order) + "\n")
                player.stdin.flush()
        return [json.loads(player.stdout.readline()) for player in self._players if player.stdout]


def _together(answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "seconds": max(answer["seconds"] for answer in answers),
        "compressed": sum(answer["compressed"] for answer in answers),
    }
