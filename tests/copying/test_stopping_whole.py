"""What a stop does to its own copy, what it leaves to others, and what is on record of it."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis

from mimic.audit.models import Entry
from mimic.audit.selectors import private_parts
from mimic.jobs.nudges import publisher
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now, send_on_paper
from tests.guards.cast import holding
from trading.copying.fanout import fan_out
from trading.copying.subscription_states import WrongStatus
from trading.copying.targets.gaps import plan_gaps
from trading.copying.targets.passes import repair
from trading.copying.targets.selectors import OpenLeg
from trading.copying.targets.stopping import carry_out, stop_copy
from trading.copying.targets.wording import outcome_line, what_happens
from trading.domain.marking import Marked
from trading.models import (
    CopySubscription,
    Order,
    Repair,
    StopWay,
    VirtualPosition,
)

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
BTC = "BTCUSDT"
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    a_quote()


def stop(copy: CopySubscription, way: StopWay, **more: Any) -> str:
    return stop_copy(subscription=copy, way=way, now=now(), **more).value


def _entries(action: str) -> list[tuple[Any, ...]]:
    rows = list(Entry.objects.filter(action=action).order_by("pk"))
    words = private_parts(rows)
    return [(row.object_id, row.subject_id, row.facts, words[row.pk]) for row in rows]


def test_a_stop_carries_out_its_own_and_leaves_the_others_to_the_sentinel() -> None:
    _, [mine, theirs, flat, running] = holding(4)
    VirtualPosition.objects.filter(subscription=flat).update(quantity=0)
    others = CopySubscription.objects.filter(pk__in=[theirs.pk, flat.pk])
    others.update(status="closing", stopping="close_now")  # decided, and its process was killed
    planned = Repair.objects.create(
        subscription=running, account=running.account, symbol=BTC, cause="close", held=1, target=0,
        created_at=now(), due_at=now(),
    )  # fmt: skip
    assert stop(mine, StopWay.CLOSE_NOW) == "closing"
    rows = Repair.objects.order_by("pk").values_list("subscription_id", "state", "cause")
    assert list(rows) == [(running.pk, "planned", "close"), (mine.pk, "working", "stop")]
    assert set(others.values_list("status", flat=True)) == {"closing"}
    planned.delete()
    assert carry_out(now=now(), only=[running.pk]) == 0
    assert carry_out(now=now(), only=[theirs.pk]) == 2  # planned, and judged
    assert carry_out(now=now()) == 1  # the one that holds nothing ends
    assert carry_out(now=now()) == 0
    flat.refresh_from_db()
    assert flat.status == "stopped"
    assert _entries("trading.copy.change") == [
        (str(flat.pk), flat.user_id, {"change": "end"}, {})
    ]  # fmt: skip


def test_a_stop_is_on_record_with_its_way_and_an_operators_reason_for_its_person_alone() -> None:
    copies = [a_follower(a_strategy().strategy) for _ in range(2)]
    assert carry_out(now=now()) == 0
    stop(copies[0], StopWay.KEEP)
    stop(copies[1], StopWay.CLOSE_LATER, reason="fraud")
    told = [(str(copy.pk), copy.user_id) for copy in copies]
    assert _entries("trading.copy.stop") == [
        (*told[0], {"way": "keep"}, {}), (*told[1], {"way": "close_later"}, {"reason": "fraud"}),
    ]  # fmt: skip
    stop(copies[0], StopWay.KEEP)
    assert len(_entries("trading.copy.stop")) == 2
    with pytest.raises(WrongStatus) as refused:
        stop(copies[0], StopWay.CLOSE_NOW)
    assert refused.value.detail == "Stopped"


def _order(copy: CopySubscription, origin: int, **fields: Any) -> Order:
    signal = a_signal(copy.strategy)
    fan_out(signal_id=signal.pk, now=now())
    order = Order.objects.get(subscription_id=copy.pk, origin_id=signal.pk)
    return _becomes(order, origin_id=origin, **fields)


def _becomes(order: Order, **fields: Any) -> Order:
    Order.objects.filter(pk=order.pk).update(**fields)
    return order


@pytest.mark.parametrize("way", list(StopWay))
def test_what_is_out_of_a_copy_is_taken_back_by_what_it_is_and_by_how_it_was_stopped(
    way: StopWay,
) -> None:
    """Opens always; closes of ours where the person keeps everything; others' orders never."""
    copy = a_follower(a_strategy().strategy, sizing_value=D(1))
    strangers = _order(a_follower(a_strategy().strategy), 1)
    # All before the first of them closes: an open waits for its copy's closes.
    open_, ours, guards, filled = (_order(copy, origin) for origin in (2, 3, 4, 5))
    _becomes(ours, reduce_only=True, margin_reserved=0)
    _becomes(guards, reduce_only=True, margin_reserved=0, origin_kind="guard")
    _becomes(filled, status="filled", closed_at=now(), filled=filled.quantity)
    CopySubscription.objects.filter(pk=copy.pk).update(
        status="stopped" if way is StopWay.KEEP else "closing", stopping=way.value
    )
    taken_back = carry_out(now=now(), only=[copy.pk])
    kept = way is StopWay.KEEP
    assert taken_back == 1 + kept
    codes = {order.pk: (order.status, order.code) for order in Order.objects.all()}
    assert codes == {
        strangers.pk: ("planned", ""),
        open_.pk: ("expired", "copy_stopped"),
        ours.pk: ("expired", "left_to_person") if kept else ("planned", ""),
        guards.pk: ("planned", ""),
        filled.pk: ("filled", ""),
    }
    assert carry_out(now=now(), only=[copy.pk]) == 0


def test_what_is_on_its_way_to_the_venue_is_wished_cancelled_once() -> None:
    copy = a_follower(a_strategy().strategy)
    order = _order(copy, 1, status="unknown")
    stop(copy, StopWay.CLOSE_LATER)
    order.refresh_from_db()
    asked = order.cancel_asked_at
    assert (order.status, order.cancel_code) == ("unknown", "copy_stopped")
    assert carry_out(now=now() + SECOND) == 0
    order.refresh_from_db()
    assert order.cancel_asked_at == asked is not None


def test_what_fills_late_of_a_copy_that_was_kept_is_its_persons_too() -> None:
    _, [copy, running] = holding(2)
    stop(copy, StopWay.KEEP)
    VirtualPosition.objects.filter(subscription=copy).update(quantity=D("0.5"))
    at = now() + SECOND
    assert carry_out(now=at) == 1
    share = VirtualPosition.objects.get(subscription=copy)
    assert (share.quantity, share.own_since, share.updated_at) == (0, at, at)
    assert VirtualPosition.objects.get(subscription=running).quantity == D("0.041")
    assert carry_out(now=at) == 0


def test_a_stop_takes_over_what_a_repair_had_begun() -> None:
    _, [copy] = holding()
    fan_out(signal_id=a_signal(copy.strategy, action="close", direction="any").pk, now=now())
    Order.objects.filter(reduce_only=True).update(status="rejected", closed_at=now())
    assert plan_gaps([(copy.pk, BTC)], now()) == 1
    stop(copy, StopWay.CLOSE_NOW)
    stop_again = carry_out(now=now() + SECOND)
    rows = Repair.objects.order_by("pk").values_list("cause", "state", "code")
    assert list(rows) == [("close", "given_up", "left_to_person"), ("stop", "working", "")]
    assert stop_again >= 1
    assert send_on_paper(closing=True) == 1


def test_what_a_pass_sends_is_nudged_by_route_closes_and_opens_by_themselves(
    redis_server: redis.Redis,
) -> None:
    _, [closing] = holding()
    opening = a_follower(a_strategy().strategy, account=an_account(closing.user))
    fan_out(signal_id=a_signal(closing.strategy, action="close", direction="any").pk, now=now())
    signal = a_signal(opening.strategy, valid_until=now() + 60 * SECOND)
    fan_out(signal_id=signal.pk, now=now())
    Order.objects.filter(status="planned").update(status="rejected", closed_at=now())
    assert plan_gaps([(copy.pk, BTC) for copy in (closing, opening)], now()) == 2
    publisher.flush(5)
    for queue in ("trading", "closes"):
        redis_server.delete(queue)
    assert repair(now=now()) == 2
    publisher.flush(5)
    for queue, flag in (("trading", 0), ("closes", 1)):
        (body,) = [json.loads(each)["body"] for each in redis_server.lrange(queue, 0, -1)]
        told = json.loads(b64decode(body))[1]
        assert (told["route"], told["closing"], told["share"]) == ("paper", flag, 0)


@pytest.mark.django_db(False)
def test_what_a_stop_does_to_a_leg_is_said_before_anybody_says_yes() -> None:
    def leg(orders: int, *, too_small: bool) -> OpenLeg:
        held = Marked(D(1), D(1), 1, None)
        return OpenLeg(BTC, held, D(1), None, "USDT", orders, too_small)

    stays, closed = "Stays open, as your own", "Closed at market now"
    later, small = (
        "Stays until the strategy closes it",
        ("Too small to trade there: becomes your own"),
    )
    waits = "Closed at market once its order under way is settled"
    for way, orders, too_small, text in (
        (StopWay.KEEP, 0, False, stays), (StopWay.KEEP, 1, True, stays),
        (StopWay.CLOSE_NOW, 0, False, closed), (StopWay.CLOSE_NOW, 1, False, waits),
        (StopWay.CLOSE_NOW, 1, True, small), (StopWay.CLOSE_LATER, 1, False, later),
        (StopWay.CLOSE_LATER, 0, True, small),
    ):  # fmt: skip
        assert what_happens(way, leg(orders, too_small=too_small)) == text
    assert outcome_line(Repair(code="")) == ""
    assert outcome_line(Repair(code="copy_paused")) == "paused meanwhile"
