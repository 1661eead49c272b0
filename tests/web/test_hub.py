"""The hub: who hears what, in which order, and what happens when something is missed."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from decimal import Decimal

import pytest
import redis
from django.db import transaction
from pytest_django import Settings

from mimic.ops.embedded.valkey import Valkey
from mimic.ops.metrics import hub_lost, ws_slow_clients
from mimic.web.hub import publish, publish_each
from mimic.web.hub.local import HEARTBEAT_SECONDS, SYSTEM, Hub
from mimic.web.hub.outbox import Outbox
from mimic.web.hub.wire import SEQUENCE_KEY
from tests.core.conftest import Lines, log_lines
from tests.web.serving import browser
from tests.web.socket_cast import person, port, signed_in

__all__ = ["log_lines", "port"]


def test_each_message_of_a_channel_counts_one_up(port: int) -> None:
    with browser(port) as page:
        page.ask("subscribe", "shouts")
        for number in range(3):
            publish("shouts", "said", {"n": number, "price": Decimal("0.10")})
        messages = [page.news("shouts") for _ in range(3)]
    assert [message["seq"] for message in messages] == [1, 2, 3]
    assert messages[0].keys() == {"v", "channel", "epoch", "seq", "ts", "type", "data"}
    assert messages[0]["data"]["price"] == "0.10"


def test_nothing_is_told_before_the_commit_or_after_a_rollback(port: int) -> None:
    with browser(port) as page:
        page.ask("subscribe", "shouts")
        with transaction.atomic():
            publish("shouts", "said", {"n": 1})
            transaction.set_rollback(True)
        with transaction.atomic():
            publish("shouts", "said", {"n": 2})
            publish("shouts", "said", {"n": 3})
        assert [page.news("shouts")["data"]["n"] for _ in range(2)] == [2, 3]


def test_only_the_people_named_hear_it(port: int) -> None:
    one, other = person(), person()
    with browser(port, signed_in(one)) as first, browser(port, signed_in(other)) as second:
        first.ask("subscribe", "shouts")
        second.ask("subscribe", "shouts")
        publish("shouts", "said", {"to": "one"}, people=[one.pk])
        publish("shouts", "said", {"to": "nobody"}, people=[])
        publish("shouts", "said", {"to": "all"})
        assert first.news("shouts")["data"] == {"to": "one"}
        assert second.news("shouts")["data"] == {"to": "all"}


def test_many_people_hear_each_their_own(port: int) -> None:
    cast = [person() for _ in range(3)]
    with ExitStack() as stack:
        pages = [stack.enter_context(browser(port, signed_in(user))) for user in cast]
        for page in pages:
            page.ask("subscribe", "shouts")
        publish_each("shouts", "receipt", [(user.pk, {"mine": user.pk}) for user in cast])
        assert [page.news("shouts")["data"]["mine"] for page in pages] == [u.pk for u in cast]


def test_a_missed_message_is_noticed_and_starts_a_new_epoch(
    port: int, redis_server: redis.Redis
) -> None:
    with browser(port) as page:
        page.ask("subscribe", "shouts")
        publish("shouts", "said", {})
        before = page.news("shouts")
        redis_server.incr(SEQUENCE_KEY)
        publish("shouts", "said", {})
        assert page.news("system")["epoch"] > before["epoch"]
        after = page.news("shouts")
    assert after["epoch"] > before["epoch"]
    assert after["seq"] == before["seq"] + 1


def test_ticks_are_thinned_to_four_a_second_and_the_last_one_arrives(port: int) -> None:
    with browser(port) as page:
        page.ask("subscribe", "shouts")
        for number in range(50):
            publish("shouts", "tick", {"n": number})
            time.sleep(0.01)
        heard: list[int] = []
        while not heard or heard[-1] != 49:
            heard.append(page.news("shouts")["data"]["n"])
    assert 2 <= len(heard) <= 6


def test_a_client_that_does_not_read_is_closed_while_others_go_on(port: int) -> None:
    closed = ws_slow_clients._value.get()
    with browser(port, max_queue=1, compression=None) as slow, browser(port) as quick:
        slow.ask("subscribe", "shouts")
        quick.ask("subscribe", "shouts")
        heard = 0
        while ws_slow_clients._value.get() == closed and heard < 1_500:
            publish("shouts", "said", {"blob": "x" * 65_536})
            quick.news("shouts")
            heard += 1
        assert ws_slow_clients._value.get() == closed + 1
        publish("shouts", "said", {"after": True})
        assert quick.news("shouts")["data"] == {"after": True}
        assert slow.closed_with() == 4408


def test_heartbeats_of_many_sockets_are_spread_over_two_seconds(transactional_db: None) -> None:
    assert asyncio.run(_beaten()) <= 16 // 4


async def _beaten() -> int:
    """How many of sixteen sockets have a heartbeat when the first ones do; all do after 2 s."""
    hub = Hub()
    crowd = [Outbox(None, None, lambda: None, lambda: None) for _ in range(16)]
    for outbox in crowd:
        await hub.join(outbox)
    while not (first := sum(outbox.feeds[SYSTEM].sequence for outbox in crowd)):
        await asyncio.sleep(0.01)
    await asyncio.sleep(HEARTBEAT_SECONDS * 1.2)
    assert all(outbox.feeds[SYSTEM].sequence for outbox in crowd)
    for outbox in crowd:
        hub.leave(outbox)
    return first


def test_publishing_without_redis_is_quick_counted_and_logged_once(
    settings: Settings, transactional_db: None, log_lines: Lines
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    before, started = hub_lost._value.get(), time.monotonic()
    for _ in range(200):
        publish("shouts", "said", {})
    assert time.monotonic() - started < 1
    assert hub_lost._value.get() == before + 200
    assert len([line for line in log_lines() if line["message"] == "live messages lost"]) <= 1
    time.sleep(1.1)


def test_data_that_is_not_json_is_the_publishers_mistake(transactional_db: None) -> None:
    with pytest.raises(TypeError):
        publish("shouts", "said", {"what": object()})


@pytest.mark.chaos
def test_after_redis_comes_back_strangers_hear_again_in_a_new_epoch(
    port: int, valkey: Valkey
) -> None:
    with browser(port) as page:
        page.ask("subscribe", "shouts")
        before = page.news("system")["epoch"]
        valkey.stop()
        valkey.start()
    with browser(port) as page:
        page.ask("subscribe", "shouts")
        time.sleep(1.1)
        publish("shouts", "said", {"back": True})
        message = page.news("shouts")
        assert message["data"] == {"back": True}
        assert message["epoch"] > before
