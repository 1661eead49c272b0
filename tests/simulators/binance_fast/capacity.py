"""How many signed orders a second the venue takes: ``python -m …capacity http://127.0.0.1:9001``.

Orders are signed beforehand and kept 64 in flight on raw sockets, so that this side costs next
to nothing. Prints ``{"orders_per_second"}``.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
import time
from functools import partial
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import uvloop

CONNECTIONS = 64
ORDERS = 20_000


class _Sender(asyncio.Protocol):
    """Writes the next order as soon as the last one's answer is there."""

    def __init__(self, orders: list[bytes], done: asyncio.Event) -> None:
        self._orders, self._done = orders, done
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def start(self) -> None:
        if self._orders:
            self._transport.write(self._orders.pop())
        else:
            self._done.set()

    def data_received(self, data: bytes) -> None:
        if data[9:12] != b"200":
            raise RuntimeError(f"the venue refused: {data!r}")
        self.start()


def _order(secret: bytes, head: bytes) -> bytes:
    body = (
        "symbol=BTCUSDT&side=BUY&type=MARKET&quantity=0.008"
        f"&newClientOrderId=c{token_hex(10)}&newOrderRespType=RESULT"
        f"&recvWindow=5000&timestamp={time.time_ns() // 1_000_000}"
    ).encode()
    body += b"&signature=" + hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


async def _measure(address: str) -> float:
    key, secret = token_hex(32), token_hex(32)
    opened = json.dumps([{"api_key": key, "secret": secret}]).encode()
    urlopen(Request(f"{address}/_sim/accounts", data=opened), timeout=10).close()
    host = urlsplit(address)
    head = (
        f"POST /fapi/v1/order HTTP/1.1\r\nHost: {host.netloc}\r\nX-MBX-APIKEY: {key}\r\n"
        "Accept: */*\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: mimic\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
    ).encode()
    loop = asyncio.get_running_loop()
    senders: list[_Sender] = []
    orders: list[bytes] = []
    done = [asyncio.Event() for _ in range(CONNECTIONS)]
    for event in done:
        made = partial(_Sender, orders, event)
        _, sender = await loop.create_connection(made, "127.0.0.1", host.port or 0)
        senders.append(sender)
    orders += [_order(secret.encode(), head) for _ in range(ORDERS)]
    started = time.perf_counter()
    for sender in senders:
        sender.start()
    await asyncio.gather(*(event.wait() for event in done))
    return ORDERS / (time.perf_counter() - started)


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"orders_per_second": round(uvloop.run(_measure(sys.argv[1])))}))
