"""redis-py gives up silent connections after 5 s unless told otherwise: sockets outlive that."""

from __future__ import annotations

import time

import pytest

from mimic.web.hub import publish
from mimic.web.people import close_sockets_of
from tests.web.serving import browser
from tests.web.socket_cast import person, port, signed_in

__all__ = ["port"]
IDLE_SECONDS = 20


@pytest.mark.slow
def test_a_socket_idle_for_twenty_seconds_lives_and_still_hears(port: int) -> None:
    user = person()
    with browser(port, signed_in(user)) as page:
        page.ask("subscribe", "whispers")
        page.news("whispers")
        before = page.news("system")
        time.sleep(IDLE_SECONDS)
        publish("whispers", "said", {"n": 1}, people=[user.pk])
        after = page.news("whispers")
        assert after["data"] == {"n": 1}
        assert after["epoch"] == before["epoch"]
        close_sockets_of(user.pk)
        assert page.closed_with() == 4401
