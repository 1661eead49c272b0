"""What an order's connection does where servers are slow, old, sly or merely busy."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from random import Random

import pytest
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.venues.test_http_pool import OK, answering, ask, serving
from trading.venues.ccxt_gateway.transport import Pool
from trading.venues.fast.protocol import FastRequest
from trading.venues.http.pool import DirectPool
from trading.venues.http.tls import verifying_context
from trading.venues.wire import Call, WireFault

Certified = Callable[[str], ssl.SSLContext]
Play = Callable[[socket.socket, int], None]


@pytest.fixture
def certified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Certified]:
    """A server's TLS for an address, by an authority that this machine trusts for the test."""

    def make(address: str) -> ssl.SSLContext:
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "venue")])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        written = tmp_path / "venue.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        written.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        monkeypatch.setenv("SSL_CERT_FILE", str(written))
        verifying_context.cache_clear()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(written)
        return context

    yield make
    monkeypatch.undo()
    verifying_context.cache_clear()


async def test_a_vouched_for_host_is_spoken_to_and_no_other_name_of_it(
    certified: Certified,
) -> None:
    async with serving(answering(OK), certified("127.0.0.1")) as (pool, origin):
        assert (await ask(pool, origin)).body == b"ok"
    heard: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())

    call = Call()
    async with serving(script, certified("127.0.0.9")) as (pool, origin):
        with pytest.raises(WireFault, match="SSLCertVerificationError"):
            await ask(pool, origin, call)
    assert not call.sent
    assert b"".join(heard) == b""


async def test_a_handshake_that_never_ends_has_sent_nothing() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    call = Call()
    async with serving(script) as (pool, origin):
        with pytest.raises(WireFault, match="Timeout"):
            await ask(pool, origin.replace("http:", "https:"), call)
    assert not call.sent


async def test_an_answer_that_drips_has_no_more_time_than_any_other() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\na")
        for byte in OK * 2:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.05)

    call, loop = Call(), asyncio.get_running_loop()
    async with serving(script) as (pool, origin):
        started = loop.time()
        with pytest.raises(WireFault, match="Timeout"):
            await ask(pool, origin, call)
        assert loop.time() - started < 0.9  # 0.5 allowed, looked at each 0.1
    assert call.sent


async def test_a_server_of_http_1_0_is_given_a_connection_an_order() -> None:
    old = OK.replace(b"HTTP/1.1", b"HTTP/1.0")
    connections = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await answering(old, old)(reader, writer)

    async with serving(script) as (pool, origin):
        for _ in range(2):
            assert (await ask(pool, origin)).body == b"ok"
    assert connections == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308, 429, 503])
async def test_whatever_the_status_the_answer_is_handed_over_as_it_came(status: int) -> None:
    heads: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\na"))
        writer.write(
            f"HTTP/1.1 {status} No\r\nLOCATION: /elsewhere\r\nretry-AFTER: 7\r\n"
            'Content-Length: 17\r\n\r\n{"code": -1.2300}'.encode()
        )
        await reader.read()

    pool, call = Pool(total=0.5), Call()
    async with serving(script) as (_, origin):
        reply = await pool.send(call, origin, FastRequest("POST", "/order", (), b"a"))
        await pool.close()
    assert (reply.status, reply.retry_after, len(heads)) == (status, 7.0, 1)
    assert reply.headers.get("Location") == "/elsewhere"
    assert reply.json == {"code": "-1.2300"}
    assert call.reply is reply


async def test_orders_given_up_at_any_moment_never_get_each_others_answers() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\na")
            number = head.split(b"number: ")[1][:4]
            await asyncio.sleep(int(number) % 7 / 500)
            writer.write(_told(number))

    chance, pool = Random(7), DirectPool(connect=5, total=5, connections=8)

    async def one(origin: str, number: int) -> str:
        patience = chance.choice((0.0, 0.001, 0.004, 0.01, 5))
        told = asyncio.create_task(ask(pool, origin, number=f"{number:04d}"))
        await asyncio.wait({told}, timeout=patience)
        if not told.done():
            told.cancel()
        try:
            return "own" if (await told).body == b"%04d" % number else "another's"
        except asyncio.CancelledError:
            return "given up"

    async with serving(script) as (_, origin):
        ends = await asyncio.gather(*(one(origin, number) for number in range(300)))
        assert (await ask(pool, origin, number="9999")).body == b"9999"
        await pool.close()
    assert set(ends) == {"own", "given up"}


def _told(number: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + number


@contextmanager
def listening(play: Play) -> Iterator[str]:
    """Its own threads, so that the venue moves while our loop does not; ``play`` has a number."""
    server, open_ = socket.create_server(("127.0.0.1", 0)), []

    def accept() -> None:
        while True:
            try:
                accepted, _ = server.accept()
            except OSError:
                return
            open_.append(accepted)
            number = len(open_)
            threading.Thread(target=play, args=(accepted, number), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for accepted in open_:
            accepted.close()


def hear(connection: socket.socket) -> bytes:
    """One request of :func:`ask`; empty at the end."""
    heard = b""
    while not heard.endswith(b"\r\n\r\na"):
        data = connection.recv(4096)
        if not data:
            return b""
        heard += data
    return heard


async def test_an_order_has_its_deadline_however_long_connecting_took(
    certified: Certified,
) -> None:
    context = certified("127.0.0.1")

    def play(connection: socket.socket, number: int) -> None:
        time.sleep(0.25)  # as a venue on another continent
        secured = context.wrap_socket(connection, server_side=True)
        while secured.recv(4096):
            pass  # and never a word

    pool, call = DirectPool(connect=1, total=0.3, connections=1), Call()
    with listening(play) as address:
        async with asyncio.timeout(2):
            with pytest.raises(WireFault, match="Timeout"):
                await ask(pool, f"https://{address}", call)
        await pool.close()
    assert call.sent


async def test_a_close_that_came_while_the_loop_was_busy_costs_no_order() -> None:
    closed = threading.Event()

    def play(connection: socket.socket, number: int) -> None:
        while hear(connection):
            connection.sendall(OK)
            if number == 1:
                connection.shutdown(socket.SHUT_RDWR)
                closed.set()
                return

    pool, call = DirectPool(connect=1, total=1, connections=1), Call()
    with listening(play) as address:
        await ask(pool, f"http://{address}")
        closed.wait(1)  # deliberately blocking: the loop must not see the end
        assert (await ask(pool, f"http://{address}", call)).body == b"ok"
        await pool.close()


def test_a_caller_that_gives_up_takes_nobody_elses_order_with_it() -> None:
    """Under uvloop sockets are read between the giving up and its first step."""
    answered = threading.Event()

    def play(connection: socket.socket, number: int) -> None:
        while hear(connection):
            time.sleep(0.05)
            connection.sendall(OK)
            answered.set()

    async def run(origin: str) -> bytes:
        pool = DirectPool(connect=1, total=1, connections=2)
        first = asyncio.create_task(ask(pool, origin))
        await asyncio.sleep(0.02)
        second = asyncio.create_task(ask(pool, origin))
        first.cancel()
        answered.wait(1)
        body = (await second).body
        await pool.close()
        return body

    with listening(play) as address:
        assert uvloop.run(run(f"http://{address}")) == b"ok"
