"""``python -m tests.simulators.bybit``; the options: :mod:`tests.simulators.swaps.launch`."""

from __future__ import annotations

from tests.simulators.bybit.server import BybitSimulator
from tests.simulators.swaps.launch import run

if __name__ == "__main__":
    run(BybitSimulator)
