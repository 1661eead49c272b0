"""Plays faults in both modes of client ids."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from tests.cast import a_market, a_quote, a_venue
from tests.chaos.faults import FAULTS
from tests.chaos.faults.table import Fault
from tests.chaos.oracles import judge
from tests.chaos.scene import Failed, Scene
from tests.chaos.servers import Servers
from tests.chaos.workers import Workers
from trading.models import InstrumentQuote

MODES = {"open": "open", "strict": "all"}
"""Among which orders the venue refuses a client id that it has seen: open ones, or all."""
HOUSE = ("sentinel", "worker", "stream")
_SIDE_BY_SIDE = 6
Row = dict[str, Any]


def play_all(
    servers: Servers, workers: Workers, wanted: Mapping[str, Sequence[int]]
) -> Iterator[Row]:
    """One row a fault and mode, as they end; ``wanted``: the faults of each mode. Those that share
    the house go side by side.
    """
    _open_house(workers)
    for mode, faults in wanted.items():
        servers.venue.command("POST /_sim/inject", {"unique_among": MODES[mode]})
        together = [FAULTS[number] for number in faults if not FAULTS[number].alone]
        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            jobs = [pool.submit(_played, servers, workers, fault, mode) for fault in together]
            yield from (job.result() for job in jobs)
        for number in faults:
            if FAULTS[number].alone:
                yield _played(servers, workers, FAULTS[number], mode)
                servers.venue.command("DELETE /_sim/inject", {})
                workers.ensure(*HOUSE)


def _open_house(workers: Workers) -> None:
    """Every process runs and prices come in before the first fault."""
    a_venue()
    a_market()
    a_quote()
    workers.ensure(*HOUSE)
    limit = time.monotonic() + 60
    while InstrumentQuote.objects.filter(instrument__venue="binanceusdm").count() < 2:
        if time.monotonic() > limit:
            raise Failed("no process brought prices within a minute")
        time.sleep(0.2)


def _played(servers: Servers, workers: Workers, fault: Fault, mode: str) -> Row:
    """In this thread, with its connection."""
    started = time.monotonic()
    try:
        scene = Scene(servers, workers)
        try:
            scene.ready("worker")
            fault.play(scene)
        except Failed as failure:
            scene.wrong.append(str(failure))
        except Exception:
            scene.wrong.append(traceback.format_exc(limit=-3))
        oracles, broken = judge(scene)
    finally:
        connection.close()
    wrong = scene.wrong + broken
    return {
        "id": fault.number,
        "mode": mode,
        "name": fault.name,
        "injected": fault.injected,
        "observed": scene.seen + [f"WRONG {text}" for text in wrong],
        "oracles": oracles,
        "passed": not wrong,
        "seconds": round(time.monotonic() - started, 1),
    }
