"""The browsers of the sockets' measurement: a program of its own, without Django.

Reads one order a line from its input and prints one JSON line when it is done:
``{"do": "open", "port", "channels", "people": [[cookie, position], …]}``,
``{"do": "storm"}`` (all connections cut, all back at once) and ``{"do": "collect"}``: when each
message came, since the last time that was asked.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import uvloop

from mimic.probes.bench.sockets_client import HOST, Client, Person

AT_ONCE = 16  # handshakes under way while the crowd comes
STORM_SECONDS = 120


class Crowd:
    """All sockets of this process."""

    def __init__(self, port: int, channels: list[str], people: Iterable[Person]) -> None:
        self._port, self._channels = port, channels
        self._people = list(people)
        self._clients: list[Client] = []

    async def open(self, at_once: int) -> dict[str, Any]:
        """Everybody in; ``seconds`` until the last subscription was answered."""
        began, room = time.monotonic(), asyncio.Semaphore(at_once)

        async def enter(person: Person) -> Client:
            async with room:
                return await self._enter(person)

        self._clients = await asyncio.gather(*map(enter, self._people))
        compressed = sum(client.compressed for client in self._clients)
        return {"seconds": time.monotonic() - began, "compressed": compressed}

    async def storm(self) -> dict[str, Any]:
        """Cut every connection and come back, as many at once as the server lets."""
        for client in self._clients:
            client.cut()
        return await asyncio.wait_for(self.open(len(self._people)), STORM_SECONDS)

    def collect(self) -> dict[str, Any]:
        """Receipt times by what a message is: ``signals`` by public id, ``positions`` by size,
        ``orders`` with something filled by public id.

        ``foreign`` counts positions of other people, ``refused`` errors: both must be none.
        """
        signals: defaultdict[str, list[float]] = defaultdict(list)
        positions: defaultdict[str, list[float]] = defaultdict(list)
        orders: defaultdict[str, list[float]] = defaultdict(list)
        counts = {"foreign": 0, "refused": 0, "frames": 0}
        for client in self._clients:
            for at, message in client.messages():
                counts["frames"] += 1
                counts["refused"] += message.get("op") == "error"
                kind = (message.get("channel"), message.get("type"))
                if kind == ("signals", "new"):
                    signals[message["data"]["public_id"]].append(at)
                elif kind == ("orders", "upsert") and float(message["data"]["filled"]):
                    orders[message["data"]["id"]].append(at)
                elif kind == ("positions", "upsert"):
                    positions[message["data"]["quantity"].partition(".")[0]].append(at)
                    counts["foreign"] += message["data"]["id"] != client.person.position
        return {"signals": signals, "positions": positions, "orders": orders, **counts}

    async def _enter(self, person: Person) -> Client:
        loop = asyncio.get_running_loop()
        client = Client(person, self._port, self._channels)
        await loop.create_connection(lambda: client, HOST, self._port)
        await client.ready
        return client


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    crowd = Crowd(0, [], [])
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        if order["do"] == "open":
            people = (Person(*each) for each in order["people"])
            crowd = Crowd(order["port"], order["channels"], people)
            answer = await crowd.open(AT_ONCE)
        elif order["do"] == "storm":
            answer = await crowd.storm()
        else:
            answer = crowd.collect()
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(_serve())
