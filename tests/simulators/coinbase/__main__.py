"""``python -m tests.simulators.coinbase``; the options: :mod:`tests.simulators.swaps.launch`."""

from __future__ import annotations

from tests.simulators.coinbase.server import CoinbaseSimulator
from tests.simulators.swaps.launch import run

if __name__ == "__main__":
    run(CoinbaseSimulator)
