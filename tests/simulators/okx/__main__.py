"""``python -m tests.simulators.okx``; the options stand in :mod:`tests.simulators.swaps.launch`."""

from __future__ import annotations

from tests.simulators.okx.server import OkxSimulator
from tests.simulators.swaps.launch import run

if __name__ == "__main__":
    run(OkxSimulator)
