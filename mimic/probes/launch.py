"""Commands that bring their own servers when none are configured."""

from __future__ import annotations

from collections.abc import Callable

from mimic.probes.bench import attack_launch, sockets_launch, truth_launch
from mimic.probes.bench import launch as bench
from mimic.probes.demo import launch as demo
from mimic.probes.develop import launch as develop

_COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "demo": demo.run,
    "bench": bench.run,
    "bench-sockets": sockets_launch.run,
    "bench-attack": attack_launch.run,
    "bench-truth": truth_launch.run,
    "dev": develop.run,
}


def run(command: str, arguments: list[str]) -> int:
    """The command's exit code."""
    return _COMMANDS[command](arguments)
