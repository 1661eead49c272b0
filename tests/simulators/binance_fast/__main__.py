"""``python -m tests.simulators.binance_fast --port 0``; prints ``{"address", "pid"}``."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import signal
import sys

import uvloop

from tests.simulators.binance_fast.server import Connection
from tests.simulators.binance_fast.venue import FastVenue


async def _serve(port: int) -> None:
    loop, venue, ended = asyncio.get_running_loop(), FastVenue(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    server = await loop.create_server(lambda: Connection(venue), "127.0.0.1", port, backlog=2048)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    sys.stdout.write(json.dumps({"address": address, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    await ended.wait()
    server.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="tests.simulators.binance_fast", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 picks a free port")
    gc.disable()  # nothing here makes cycles, and a pause would be the client's time
    uvloop.run(_serve(parser.parse_args().port))
