"""The browsers of ``make bench-sockets`` hear what real ones would, and tell what is not theirs."""

from __future__ import annotations

import asyncio
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings

from mimic.probes.bench.sockets_browsers import Browsers
from mimic.probes.bench.sockets_client import Client, Person
from mimic.probes.bench.sockets_crowd import Holder
from mimic.web.hub import publish, publish_each
from mimic.web.live_channels import register_channel
from tests.web.socket_cast import person, port, signed_in

__all__ = ["port"]
CHANNELS = ("signals", "positions", "orders")


def _holder() -> Holder:
    user = person()
    cookie = signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value
    return Holder(user.pk, f"{settings.SESSION_COOKIE_NAME}={cookie}", str(uuid4()), 0, 0)


def _tell(holders: list[Holder], size: int) -> None:
    publish("signals", "new", {"public_id": f"signal-{size}"})
    rows = [(each.user_id, {"id": each.position, "quantity": f"{size}.00"}) for each in holders]
    publish_each("positions", "upsert", rows)
    time.sleep(0.3)


@contextmanager
def _crowd(port: int, number: int = 3) -> Iterator[tuple[Browsers, list[Holder]]]:
    for name in CHANNELS:
        register_channel(name, public=False)
    holders = [_holder() for _ in range(number)]
    with Browsers() as browsers:
        browsers.open(port, CHANNELS, holders)
        yield browsers, holders


def test_everybody_hears_the_signal_and_their_own_position(port: int) -> None:
    began = time.time()
    with _crowd(port) as (browsers, holders):
        _tell(holders, 7)
        heard = browsers.collect("signals")["signal-7"]
        assert len(heard) == len(holders)
        assert all(began < at < time.time() for at in heard)
        _tell(holders, 8)
        assert {name: len(times) for name, times in browsers.collect("positions").items()} == {
            "8": 3
        }


def test_an_order_is_heard_of_from_its_first_fill_on(port: int) -> None:
    with _crowd(port, 1) as (browsers, (holder,)):
        for filled in ("0", "0.010"):
            publish_each("orders", "upsert", [(holder.user_id, {"id": "one", "filled": filled})])
        time.sleep(0.3)
        assert {name: len(times) for name, times in browsers.collect("orders").items()} == {
            "one": 1
        }


def test_a_crowd_that_is_cut_off_comes_back_at_once_and_hears_again(port: int) -> None:
    """Each once took connections to Redis of its own: at 100 people were sent away."""
    with _crowd(port, 150) as (browsers, holders):
        assert browsers.storm()["seconds"] > 0
        _tell(holders, 1)
        assert len(browsers.collect("signals")["signal-1"]) == len(holders)


def test_another_persons_position_voids_the_measurement(port: int) -> None:
    with _crowd(port) as (browsers, holders):
        publish("positions", "upsert", {"id": holders[0].position, "quantity": "1"})
        time.sleep(0.3)
        with pytest.raises(RuntimeError, match="2 foreign"):
            browsers.collect("positions")


class _Written(list[bytes]):
    """A transport that keeps what is written."""

    def write(self, data: bytes) -> None:
        self.append(data)


def _a_frame(payload: bytes, *, first: int = 0x81) -> bytes:
    size = len(payload)
    told = bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size)
    return bytes([first]) + told + payload


async def _given(pieces: list[bytes]) -> tuple[Client, list[bytes]]:
    client, written = Client(Person("a=b", "p"), 1, ["signals"]), _Written()
    transport: Any = written
    client.connection_made(transport)
    for piece in pieces:
        client.data_received(piece)
    return client, written


@pytest.mark.parametrize("cut", [1, 2, 3, 17, 1_000])
def test_frames_are_read_wherever_the_network_cuts_them(cut: int) -> None:
    told = [b'{"op":"ack"}', b'{"n":"' + b"x" * 300 + b'"}', b'{"n":2}']
    stream = b"HTTP/1.1 101 Switching Protocols\r\n\r\n" + b"".join(map(_a_frame, told))
    pieces = [stream[at : at + cut] for at in range(0, len(stream), cut)]
    client, written = asyncio.run(_given([*pieces, _a_frame(b"pulse", first=0x89)]))
    assert client.ready.done()
    assert [message.get("n") for _, message in client.messages()] == [None, "x" * 300, 2]
    assert written[-1].endswith(b"pulse")
    assert written[-1][0] == 0x8A


def test_compressed_frames_share_their_window() -> None:
    deflate = zlib.compressobj(wbits=-12)
    frames = []
    for _ in range(2):
        packed = deflate.compress(b'{"text":"the same"}') + deflate.flush(zlib.Z_SYNC_FLUSH)
        frames.append(_a_frame(packed[:-4], first=0xC1))
    client, _ = asyncio.run(_given([b"HTTP/1.1 101 X\r\n\r\n", *frames]))
    assert [message for _, message in client.messages()] == [{"text": "the same"}] * 2
    assert len(frames[1]) < len(frames[0])
