"""Our HTTP client against servers that misbehave: a whole answer, or a fault that says so."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.simulators.self_signed import self_signed
from trading.venues.http.connection import Answer
from trading.venues.http.pool import DirectPool
from trading.venues.wire import Call, WireFault

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@asynccontextmanager
async def serving(
    script: Script, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[DirectPool, str]]:
    """``script`` plays a connection after each request head it reads itself."""

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    pool = DirectPool(connect=0.3, total=0.5, connections=1)
    try:
        yield pool, f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        await pool.close()
        server.close()


async def ask(pool: DirectPool, origin: str, call: Call | None = None, **headers: str) -> Answer:
    return await pool.host(origin).request(call or Call(), "POST", "/order", headers.items(), b"a")


def answering(*answers: bytes) -> Script:
    """One answer a request, then the connection stays open."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            await reader.readuntil(b"\r\n\r\na")
            writer.write(answer)
        await reader.read()

    return script


async def test_a_request_says_what_it_must_and_its_answer_comes_whole() -> None:
    seen: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\na"))
        for part in (OK[:10], OK[10:30], OK[30:]):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        await reader.read()

    async with serving(script) as (pool, origin):
        answer = await ask(pool, origin, key="secret")
    assert (answer.status, answer.body) == (200, b"ok")
    assert seen[0].startswith(b"POST /order HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nkey: secret\r\nContent-Length: 1\r\n\r\na" in seen[0]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=["chunked", "after a 100", "closing"],
)
async def test_every_lawful_form_of_an_answer_is_read(answer: bytes) -> None:
    async with serving(answering(answer, answer)) as (pool, origin):
        assert (await ask(pool, origin)).body == b"ok"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\n\r\nwithout an end",
        b"<html>no http at all</html>",
        OK + OK,
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 20_000 + b"\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n",
    ],
    ids=["nothing", "half", "endless", "garbage", "two answers", "a flood of headers", "upgrade"],
)
@pytest.mark.parametrize("then", ["silence", "the end"])
async def test_anything_else_is_a_fault_after_the_bytes_have_left(answer: bytes, then: str) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\na")
        writer.write(answer)
        if then == "silence":
            await reader.read()

    call = Call()
    async with serving(script) as (pool, origin):
        with pytest.raises(WireFault):
            await ask(pool, origin, call)
    assert (call.sent, call.reply) == (True, None)


async def test_a_silent_venue_is_given_up_in_time_and_its_connection_never_used_again() -> None:
    connections = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\na")
        if connections == 1:
            await asyncio.sleep(0.8)
        writer.write(OK)
        await reader.read()

    call = Call()
    async with serving(script) as (pool, origin):
        with pytest.raises(WireFault, match="Timeout"):
            await ask(pool, origin, call)
        assert (await ask(pool, origin)).body == b"ok"
    assert (connections, call.sent) == (2, True)


async def test_a_caller_that_gives_up_leaves_no_answer_for_the_next() -> None:
    connections = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\na")
        await asyncio.sleep(0.1)
        writer.write(OK.replace(b"ok", b"%02d" % connections))
        await reader.read()

    async with serving(script) as (pool, origin):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(pool, origin), 0.05)
        assert (await ask(pool, origin)).body == b"02"


async def test_a_connection_that_the_venue_closed_meanwhile_is_not_used() -> None:
    connections = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\n\r\na")
        writer.write(OK)

    async with serving(script) as (pool, origin):
        for _ in range(3):
            assert (await ask(pool, origin)).body == b"ok"
            await asyncio.sleep(0.02)
    assert connections == 3


async def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\na")
        writer.write(OK)
        await asyncio.sleep(0.05)
        writer.write(OK.replace(b"ok", b"no"))
        await reader.read()

    async with serving(script) as (pool, origin):
        assert (await ask(pool, origin)).body == b"ok"
        await asyncio.sleep(0.1)
        assert (await ask(pool, origin)).body == b"ok"


async def test_who_waits_for_a_connection_in_vain_has_sent_nothing() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    calls = [Call(), Call()]
    async with serving(script) as (pool, origin):
        faults = await asyncio.gather(
            *(ask(pool, origin, call) for call in calls), return_exceptions=True
        )
    assert all(isinstance(fault, WireFault) for fault in faults)
    assert [call.sent for call in calls] == [True, False]


async def test_the_next_in_line_gets_the_connection_that_is_free() -> None:
    async with serving(answering(OK, OK, OK)) as (pool, origin):
        answers = await asyncio.gather(*(ask(pool, origin) for _ in range(3)))
    assert [answer.body for answer in answers] == [b"ok"] * 3


@pytest.mark.parametrize("value", ["a\r\nHost: evil", "a\nb", "a\rb", "é\u20ac"])
async def test_a_header_that_would_end_its_line_is_never_sent(value: str) -> None:
    call = Call()
    async with serving(answering(OK)) as (pool, origin):
        with pytest.raises(WireFault):
            await ask(pool, origin, call, key=value)
    assert not call.sent


async def test_nobody_there_means_nothing_was_sent() -> None:
    call, pool = Call(), DirectPool(connect=0.3, total=0.5, connections=1)
    with pytest.raises(WireFault):
        await ask(pool, "http://127.0.0.1:9", call)
    assert not call.sent


async def test_a_host_whose_certificate_nobody_vouches_for_gets_no_byte_of_ours(
    tmp_path: Path,
) -> None:
    heard: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())

    call = Call()
    async with serving(script, self_signed(tmp_path)) as (pool, origin):
        with pytest.raises(WireFault):
            await ask(pool, origin, call)
    assert not call.sent
    assert heard in ([], [b""])
