"""A process with thousands of sockets collects garbage seldom: a closed socket must leave none."""

from __future__ import annotations

import gc
import time

from mimic.web.consumers import SocketConsumer
from mimic.web.hub.outbox import Outbox
from tests.web.serving import browser
from tests.web.socket_cast import person, port, signed_in

__all__ = ["port"]


def _alive() -> int:
    return sum(type(each) in (SocketConsumer, Outbox) for each in gc.get_objects())


def test_a_closed_socket_is_freed_without_the_collector(port: int) -> None:
    client = signed_in(person())
    with browser(port) as other:  # the hub goes on
        other.ask("ping")
        before = _alive()
        gc.disable()
        try:
            for _ in range(3):
                with browser(port, client) as page:
                    page.ask("subscribe", "whispers")
                    assert _alive() > before
            limit = time.monotonic() + 5
            while _alive() > before and time.monotonic() < limit:
                time.sleep(0.05)
            assert _alive() == before
        finally:
            gc.enable()
