"""Fan-outs that somebody left behind: which are found, in what order, and what is done."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest
import redis

from mimic.jobs.nudges import publisher
from signals.events import SignalPublished
from signals.models import Action
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now
from trading.copying.fanout import COME_BACK, fan_out, nudge_fanout, overdue
from trading.copying.sweep import PATIENCE, sweep_fanouts
from trading.models import CopyExecution, SignalFanout

pytestmark = pytest.mark.django_db(transaction=True)
SECOND = timedelta(seconds=1)


@pytest.fixture
def strategy() -> Any:
    a_market()
    a_quote()
    found = a_strategy().strategy
    a_follower(found)
    return found


def _found() -> list[int]:
    return [row.signal_id for row in overdue(now())]


def _set(signal: Any, **fields: Any) -> None:
    SignalFanout.objects.filter(pk=signal.pk).update(**fields)


def test_whoever_was_started_a_moment_ago_is_left_to_the_nudge(strategy: Any) -> None:
    signal = a_signal(strategy)
    assert _found() == []
    _set(signal, created_at=now() - SECOND * 1.2)
    assert _found() == [signal.pk]


def test_a_lease_that_holds_is_somebodys_and_one_that_ended_is_nobodys(strategy: Any) -> None:
    signal = a_signal(strategy)
    _set(signal, created_at=now() - SECOND * 60, lease_until=now() + SECOND)
    assert _found() == []
    _set(signal, lease_until=now() - SECOND / 10)
    assert _found() == [signal.pk]
    _set(signal, done_at=now())
    assert _found() == []


def test_closes_are_found_first_and_then_the_oldest(strategy: Any) -> None:
    young, old, close = (a_signal(strategy) for _ in range(3))
    for signal, age in ((young, 5), (old, 9), (close, 2)):
        _set(signal, created_at=now() - SECOND * age)
    _set(close, closing=True)
    assert _found() == [close.pk, old.pk, young.pk]


def test_at_most_a_hundred_are_taken_at_once(strategy: Any) -> None:
    for _ in range(101):
        a_signal(strategy)
    SignalFanout.objects.update(created_at=now() - SECOND * 9)
    assert len(_found()) == 100


def test_a_close_that_waits_for_an_open_comes_back_soon_and_alone(strategy: Any) -> None:
    other = a_signal(strategy)
    a_signal(strategy)
    close = a_signal(strategy, action=Action.CLOSE, direction="any")
    before = now()
    assert fan_out(signal_id=close.pk, now=before) == 0
    rows = {row.pk: row.lease_until for row in SignalFanout.objects.all()}
    back = rows[close.pk]
    assert back is not None
    assert before + COME_BACK <= back <= now() + COME_BACK
    assert rows[other.pk] is None
    assert not CopyExecution.objects.exists()


def _nudges(client: redis.Redis, queue: str) -> list[Any]:
    publisher.flush(5)
    bodies = [json.loads(each)["body"] for each in client.lrange(queue, 0, -1)]
    return [json.loads(b64decode(body)) for body in bodies]


def test_an_open_is_nudged_first_and_decided_here_when_that_did_not_help(
    strategy: Any, redis_server: redis.Redis
) -> None:
    signal = a_signal(strategy)
    _set(signal, created_at=now() - PATIENCE + SECOND)
    assert sweep_fanouts(now()) == 1
    assert not CopyExecution.objects.exists()
    (arguments,) = (body[1] for body in _nudges(redis_server, "trading"))
    assert arguments["signal_ids"] == [signal.pk]
    _set(signal, created_at=now() - PATIENCE - SECOND)
    assert sweep_fanouts(now()) == 1
    assert CopyExecution.objects.get().signal_id == signal.pk
    assert sweep_fanouts(now()) == 0


def test_a_published_signal_nudges_who_decides_and_a_close_on_the_queue_of_closes(
    redis_server: redis.Redis,
) -> None:
    for number, closing, queue in ((7, False, "trading"), (8, True, "closes")):
        nudge_fanout(SignalPublished(number, 1, closing, now()))
        (body,) = _nudges(redis_server, queue)
        assert body[1]["signal_ids"] == [number]


def test_what_was_planned_nudges_who_sends_once_a_route(
    strategy: Any, redis_server: redis.Redis
) -> None:
    a_follower(strategy)
    a_follower(strategy, mode="notify")
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    (body,) = _nudges(redis_server, "trading")
    assert {name: body[1][name] for name in ("route", "closing", "share")} == {
        "route": "paper", "closing": 0, "share": 0,
    }  # fmt: skip


def test_a_close_is_decided_here_at_once(strategy: Any) -> None:
    close = a_signal(strategy, action=Action.CLOSE, direction="any")
    _set(close, created_at=now() - SECOND * 1.2)
    assert sweep_fanouts(now()) == 1
    assert CopyExecution.objects.get().code == "nothing_to_close"
