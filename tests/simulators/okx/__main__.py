"""``python -m tests.simulators.okx --port 0 --accounts accounts.json``.

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

from tests.simulators.okx.server import OkxSimulator


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.simulators.okx", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    parser.add_argument("--accounts", type=Path, help="JSON list as for POST /_sim/accounts")
    parser.add_argument("--unique-among", choices=("open", "all"), default="open")
    parser.add_argument("--limit-scale", type=int, default=1, help="0: no rate limits")
    return parser.parse_args()


def _accounts(path: Path | None) -> list[dict[str, Any]]:
    if path is None:
        return []
    listed = json.loads(path.read_text())
    return list(listed["accounts"] if isinstance(listed, dict) else listed)


async def _serve(options: argparse.Namespace) -> None:
    simulator = OkxSimulator(limit_scale=options.limit_scale, accounts=_accounts(options.accounts))
    simulator.venue.modes.unique_among = options.unique_among
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    address = await simulator.start(options.port, options.host)
    sys.stdout.write(json.dumps({"address": address, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    await ended.wait()
    await simulator.stop()


if __name__ == "__main__":
    uvloop.run(_serve(_arguments()))
