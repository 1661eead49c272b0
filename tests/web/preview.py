"""Look at the trader's pages without the back end: ``python -m tests.web.preview 8123``.

Serves every page under the production CSP, and a socket at ``/ws/`` that plays a script given in
the environment: ``PREVIEW_SOCKET`` is ``live`` (events and heartbeats), ``silent`` (one heartbeat,
then nothing) or ``gap`` (live, with a hole in the sequence). Port 0 takes a free one; the address
is printed.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import django

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
SIGNAL = "0198f2c4-0000-7000-8000-000000000077"
RECEIPT = "0198f2c4-0000-7000-8000-000000000078"
XRP = {"symbol": "XRPUSDT", "side": "short", "strategy": "Aurora Capital"}
LONG_AGO = {"received_at": "2026-01-05T10:00:00.000Z"}
ETH = {"id": 2, "symbol": "ETHUSDT", "side": "long", "leverage": 2, "quantity": "0.420"}
HOSTILE = {"id": 9, "symbol": "<b>XSS</b>", "side": "short", "leverage": 5, "quantity": "1.50"}

EVENTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "positions",
        "upsert",
        ETH | {"entry": "3441.2", "mark": "3450.1", "pnl": "1234.505", "pnl_pct": "0.26"},
    ),
    (
        "positions",
        "upsert",
        HOSTILE
        | {"entry": "12.5", "mark": "12.9", "pnl": "-0.6", "pnl_pct": "-3.2"}
        | {"strategy": "Night Owl", "account": "Main paper"},
    ),
    ("positions", "remove", {"id": 4}),
    (
        "signals",
        "new",
        XRP
        | LONG_AGO
        | {"public_id": SIGNAL, "action": "open", "leverage": 2, "entry": "0.5123"}
        | {"stop": "0.53", "targets": ["0.48"], "rr": "1.82"},
    ),
    (
        "receipts",
        "upsert",
        XRP
        | LONG_AGO
        | {"public_id": RECEIPT, "outcome": "executed", "line": "Sold 1,000 XRPUSDT."}
        | {"quantity": "1000", "total_ms": 187},
    ),
    (
        "summary",
        "update",
        {"equity": "12431.07", "open_pnl": "-10.7", "today": "54.38", "open_count": 4},
    ),
)


def with_csp(app: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Django's pages under the strict policy, and the scripted socket beside them."""

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    *message["headers"],
                    (b"content-security-policy", CSP.encode()),
                ]
            await send(message)

        if scope["type"] == "websocket":
            await play(receive, send, os.environ.get("PREVIEW_SOCKET", "live"))
        elif scope["type"] == "http":
            await app(scope, receive, guarded)

    return both


async def play(receive: Receive, send: Send, script: str) -> None:
    """Acknowledge the subscription, then follow the script until the browser leaves."""
    await receive()
    await send({"type": "websocket.accept"})
    asked = json.loads((await receive())["text"])

    async def say(**message: object) -> None:
        await send({"type": "websocket.send", "text": json.dumps({"v": 1, **message})})

    await say(op="ack", id=None, of="subscribe", channels=asked["channels"])
    await say(channel="system", type="heartbeat", epoch="e1", seq=1, data={})
    if script != "silent":
        numbers: dict[str, count[int]] = {}
        if script == "gap":
            await asyncio.sleep(0.5)  # after the resync that every new socket asks for
        for channel, kind, data in EVENTS:
            seq = next(numbers.setdefault(channel, count(1)))
            hole = 5 if script == "gap" and seq > 1 else 0
            await say(channel=channel, type=kind, epoch="e1", seq=seq + hole, data=data)
    beats = asyncio.create_task(beat(say)) if script != "silent" else None
    try:
        while (await receive())["type"] != "websocket.disconnect":
            pass
    finally:
        if beats:
            beats.cancel()


async def beat(say: Callable[..., Awaitable[None]]) -> None:
    """A heartbeat each two seconds."""
    for seq in count(2):
        await asyncio.sleep(2)
        await say(channel="system", type="heartbeat", epoch="e1", seq=seq, data={})


def main(port: int) -> None:
    """Serve until interrupted."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.web.preview_settings"
    django.setup()
    import uvicorn
    from django.core.asgi import get_asgi_application

    listener = socket.socket()
    listener.bind(("127.0.0.1", port))
    listener.listen()  # before the address is printed: who reads it may connect
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(with_csp(get_asgi_application()), log_level="warning", lifespan="off")
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8123)
