"""``python -m tests.simulators.upbit``; the options: :mod:`tests.simulators.swaps.launch`."""

from __future__ import annotations

from tests.simulators.swaps.launch import run
from tests.simulators.upbit.server import UpbitSimulator

if __name__ == "__main__":
    run(UpbitSimulator)
