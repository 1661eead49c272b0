"""A simulator as a program: ``--port 0 --accounts accounts.json --unique-among … --limit-scale …``.

Prints one JSON line ``{"address", "pid"}`` when it listens; SIGTERM or SIGINT ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import uvloop

from tests.simulators.swaps.server import SwapSimulator


def run(kind: type[SwapSimulator[Any, Any]]) -> None:
    """Serves until it is told to end."""
    uvloop.run(_serve(kind, _arguments()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--accounts", type=Path, help="JSON list as for POST /_sim/accounts")
    parser.add_argument("--unique-among", choices=("open", "all"), help="the venue's way if absent")
    parser.add_argument("--limit-scale", type=int, default=1, help="0: no rate limits")
    return parser.parse_args()


def _accounts(path: Path | None) -> list[dict[str, Any]]:
    if path is None:
        return []
    listed = json.loads(path.read_text())
    return list(listed["accounts"] if isinstance(listed, dict) else listed)


async def _serve(kind: type[SwapSimulator[Any, Any]], options: argparse.Namespace) -> None:
    simulator = kind(limit_scale=options.limit_scale, accounts=_accounts(options.accounts))
    if options.unique_among:
        simulator.venue.modes.unique_among = options.unique_among
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    address = await simulator.start(options.port, options.host)
    sys.stdout.write(json.dumps({"address": address, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    await ended.wait()
    await simulator.stop()
