"""What copying tells the hub: each row once, to its person, and to nobody who is not there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis

from mimic.web.hub.wire import Envelope, topic
from mimic.web.presence import KEY
from signals.models import Action
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now, send_on_paper
from trading.copying.approvals import Answer, answer_signal
from trading.copying.fanout import fan_out
from trading.copying.live import message_of
from trading.copying.pending import expire_pending
from trading.execution.book_rows import orders_of_signal
from trading.models import (
    ApprovalDecision,
    CopyExecution,
    CopySubscription,
    Order,
    Position,
    Trade,
)

pytestmark = pytest.mark.django_db(transaction=True)
Told = list[tuple[str, str, Any, dict[str, Any]]]  # channel, type, person (or people), data


@pytest.fixture
def told(redis_server: redis.Redis) -> Iterator[Callable[[], Told]]:
    """What the hub was told since it was last asked."""
    hub = redis_server.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    with hub:
        hub.subscribe(topic())
        hub.get_message(timeout=1)

        def heard() -> Told:
            found: Told = []
            while message := hub.get_message(timeout=0.1):
                it = Envelope.decode(message["data"].partition(b"\n")[2])
                if it.people is not None:
                    found.append((it.channel, it.type, it.people, it.data))
                found += [(it.channel, it.type, person, data) for person, data in it.each]
            return found

        yield heard


@pytest.fixture
def copies(redis_server: redis.Redis) -> list[CopySubscription]:
    """Three people who copy on paper; the first two have a page open."""
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    found = [a_follower(strategy) for _ in range(3)]
    redis_server.zadd(KEY, {str(copy.user_id): time.time() for copy in found[:2]})
    return found


def _of(told: Told, channel: str, person: int) -> list[tuple[str, dict[str, Any]]]:
    return [(kind, data) for name, kind, whom, data in told if (name, whom) == (channel, person)]


def test_a_signal_its_receipts_and_its_orders_go_to_those_who_are_there(
    copies: list[CopySubscription], told: Callable[[], Told]
) -> None:
    there = sorted(copy.user_id for copy in copies[:2])
    signal = a_signal(copies[0].strategy)
    fan_out(signal_id=signal.pk, now=now())
    heard = told()
    (announced,) = [each for each in heard if each[0] == "signals"]
    assert announced[1:3] == ("new", there)
    assert announced[3]["public_id"] == str(signal.public_id)
    assert {each[2] for each in heard if each[0] != "signals"} == set(there)
    for copy in copies[:2]:
        receipt = CopyExecution.objects.get(subscription=copy)
        (((kind, row)),) = _of(heard, "receipts", copy.user_id)
        assert (kind, row["public_id"]) == ("upsert", str(receipt.public_id))
        order = Order.objects.get(execution_id=receipt.pk)
        kinds = {(kind, row["id"]) for kind, row in _of(heard, "orders", copy.user_id)}
        assert kinds == {("upsert", str(order.public_id))}


def test_a_fill_tells_order_receipt_trade_position_and_sums(
    copies: list[CopySubscription], told: Callable[[], Told]
) -> None:
    fan_out(signal_id=a_signal(copies[0].strategy).pk, now=now())
    told()
    send_on_paper()
    opened = told()
    assert {each[2] for each in opened} == {copy.user_id for copy in copies[:2]}
    for copy in copies[:2]:
        position = Position.objects.get(account=copy.account)
        kinds = {name: _of(opened, name, copy.user_id) for name in {each[0] for each in opened}}
        assert set(kinds) == {"orders", "receipts", "positions", "summary"}
        assert {kind for rows in kinds.values() for kind, _ in rows} == {"upsert", "update"}
        assert kinds["orders"][-1][1]["status"] == "filled"
        assert kinds["receipts"][-1][1]["outcome"] == "executed"
        assert kinds["positions"][-1][1]["id"] == str(position.public_id)
        assert kinds["summary"][-1][1]["open_count"] == 1
    fan_out(signal_id=a_signal(copies[0].strategy, action=Action.CLOSE).pk, now=now())
    told()
    send_on_paper(closing=True)
    closed = told()
    for copy in copies[:2]:
        trade = Trade.objects.get(account=copy.account)
        (((kind, row)),) = _of(closed, "trades", copy.user_id)
        assert (kind, row["id"]) == ("upsert", str(trade.public_id))
        assert [kind for kind, _ in _of(closed, "positions", copy.user_id)] == ["remove"]
        assert _of(closed, "summary", copy.user_id)[-1][1]["open_count"] == 0


def test_where_nobody_is_there_the_hub_is_told_nothing(
    copies: list[CopySubscription], told: Callable[[], Told], redis_server: redis.Redis
) -> None:
    redis_server.delete(KEY)
    fan_out(signal_id=a_signal(copies[0].strategy).pk, now=now())
    send_on_paper()
    assert told() == []


def test_a_row_leaves_without_its_person_and_without_a_key_of_ours(
    copies: list[CopySubscription],
) -> None:
    signal = a_signal(copies[0].strategy)
    fan_out(signal_id=signal.pk, now=now())
    (row,) = orders_of_signal(signal_id=signal.pk, people=[copies[0].user_id])
    message = message_of(row)
    assert "user_id" not in message
    assert message["id"] == row.id


def test_a_question_its_answer_and_its_end_are_told_to_who_was_asked(
    copies: list[CopySubscription], told: Callable[[], Told]
) -> None:
    CopySubscription.objects.update(mode="approval")
    signal = a_signal(copies[0].strategy, valid_until=now() + timedelta(seconds=60))
    fan_out(signal_id=signal.pk, now=now())
    asked = told()
    receipts = {row.user_id: str(row.public_id) for row in CopyExecution.objects.all()}
    first, second, absent = (copy.user_id for copy in copies)
    for person in (first, second):
        (((kind, row)),) = _of(asked, "approvals", person)
        assert (kind, row["public_id"], row["leverage"]) == ("upsert", receipts[person], 5)
        assert "user_id" not in row
    assert {each[2] for each in asked if each[0] == "approvals"} == {first, second}
    for person, decision in ((first, "approved"), (second, "rejected"), (absent, "rejected")):
        answer_signal(
            person_id=person, signal_id=signal.public_id, subscription_id=None, now=now(),
            answer=Answer(ApprovalDecision(decision), None, None, ""),
        )  # fmt: skip
    heard = told()
    for person, outcome in ((first, "planned"), (second, "skipped")):
        assert _of(heard, "approvals", person) == [("remove", {"id": receipts[person]})]
        (((kind, row)),) = _of(heard, "receipts", person)
        assert (kind, row["public_id"], row["outcome"]) == ("upsert", receipts[person], outcome)
    assert [kind for kind, _ in _of(heard, "orders", first)] == ["upsert"]
    assert _of(heard, "orders", second) == []
    assert {each[2] for each in heard} == {first, second}


def test_a_question_that_ends_with_its_signal_is_taken_back(
    copies: list[CopySubscription], told: Callable[[], Told]
) -> None:
    CopySubscription.objects.update(mode="approval")
    late = now() + timedelta(seconds=60)
    fan_out(signal_id=a_signal(copies[0].strategy, valid_until=late).pk, now=now())
    told()
    assert expire_pending(late) == 3
    heard = told()
    for copy in copies[:2]:
        receipt = CopyExecution.objects.get(subscription=copy)
        mine = [(channel, kind) for channel, kind, whom, _ in heard if whom == copy.user_id]
        assert sorted(mine) == [("approvals", "remove"), ("receipts", "upsert")]
        assert _of(heard, "approvals", copy.user_id)[0][1] == {"id": str(receipt.public_id)}
    assert {each[2] for each in heard} == {copy.user_id for copy in copies[:2]}
