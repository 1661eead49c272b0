"""Acts a fault out on the connection: resets, silence, half answers."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Mapping

import orjson
from aiohttp import web

from tests.simulators.binance.faults import Script

_HTML = b"<html><head><title>502</title></head><body>upstream went away</body></html>"
_POLL = 0.02


def answer(
    body: bytes, status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


async def act(
    request: web.BaseRequest, script: Script, body: bytes, stopping: Callable[[], bool]
) -> web.Response | None:
    """Performs ``script``; None means "go on as if nothing were" (a mere delay).

    ``body`` is the true answer when there is one; ``truncate`` sends its first half.
    """
    if script.action == "late":
        _reset(request)
    if script.ms:
        await asyncio.sleep(script.ms / 1000)
    if script.action in ("delay", "late"):
        return None
    if script.action == "status":
        return answer(_encoded(script.body), script.status, script.headers)
    if script.action == "garbage200":
        text = _HTML if script.body is None else _encoded(script.body)
        return web.Response(body=text, content_type="text/html", headers=script.headers)
    if script.action == "redirect":
        target = script.location or request.path
        return web.Response(status=302, headers={"Location": target, **script.headers})
    if script.action == "silent":
        await _hang(request, stopping)
    elif script.action == "truncate":
        _send_half(request, body or b'{"orderId":22542179,"symbol":"BTCUSDT"}')
    elif script.action == "fin":
        _end(request)
    else:
        _reset(request)
    return web.Response()  # the transport is gone: nothing of this reaches the client


def _encoded(body: object) -> bytes:
    if body is None:
        return b""
    return body.encode() if isinstance(body, str) else orjson.dumps(body)


async def _hang(request: web.BaseRequest, stopping: Callable[[], bool]) -> None:
    while request.transport is not None and not stopping():
        await asyncio.sleep(_POLL)


def _send_half(request: web.BaseRequest, body: bytes) -> None:
    if request.transport is not None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        request.transport.write(head.encode() + b"\r\n\r\n" + body[: len(body) // 2])
    _end(request)


def _end(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()


def _reset(request: web.BaseRequest) -> None:
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()
