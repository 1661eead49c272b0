"""Flatten when something is unclear, refused, late, lifted or dead: nothing undone or doubled."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import redis
from django.db import transaction

from mimic.web import presence
from mimic.web.hub.wire import Envelope, topic
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy
from tests.execution.paper import now, send_on_paper
from tests.guards.cast import flatten, holding, later
from trading.copying.fanout import fan_out
from trading.domain.ports import FillReport, Outcome, SendResult, Side
from trading.execution.books import Reported, book_fills
from trading.execution.claims import take_orders
from trading.execution.settle import Answer, settle_answers
from trading.guards.flatten import carry_out
from trading.guards.kill import change_kill_switch, lift_kill_switch
from trading.models import (
    InstrumentQuote,
    KillEffect,
    KillSwitch,
    Order,
    Position,
)

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    a_quote()


def test_a_leg_waits_for_an_unclear_order_and_then_closes_what_became_of_it() -> None:
    strategy, _ = holding()
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    claimed = take_orders(route="paper", closing=False, limit=10, now=now())
    lost = [Answer(each, SendResult(Outcome.UNKNOWN), now(), now()) for each in claimed]
    settle_answers(route="paper", answers=lost, now=now())
    switch = flatten()
    later()
    assert (switch.legs.get().state, switch.legs.get().code) == ("planned", "unresolved_order")
    assert not Order.objects.filter(reduce_only=True).exists()
    order = Order.objects.get(status="unknown")
    fill = FillReport("t1", "v1", "BTCUSDT", Side.BUY, order.quantity, Decimal(60_000), Decimal(0),
                      "USDT", now())  # fmt: skip
    book_fills(reports=[Reported(order.pk, fill)], now=now())
    later(2)
    assert Order.objects.get(reduce_only=True).quantity == Decimal("0.041") + order.quantity
    send_on_paper(closing=True)
    later(3)
    assert switch.legs.get().state == "done"
    assert Position.objects.get().quantity == 0


def test_an_open_that_fills_after_the_switch_is_closed_as_well() -> None:
    strategy = a_strategy().strategy
    a_follower(strategy)
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    claimed = take_orders(route="paper", closing=False, limit=10, now=now())
    switch = flatten()
    assert not switch.legs.exists()
    order = Order.objects.get(pk=claimed[0].order_id)
    fill = FillReport("t1", "v1", "BTCUSDT", Side.BUY, order.quantity, Decimal(60_000), Decimal(0),
                      "USDT", now())  # fmt: skip
    answer = SendResult(Outcome.CONFIRMED, venue_order_id="v1", fills=(fill,))
    settle_answers(route="paper", answers=[Answer(claimed[0], answer, now(), now())], now=now())
    later()
    send_on_paper(closing=True)
    later(2)
    assert switch.legs.get().state == "done"
    assert Position.objects.get().quantity == 0


def test_a_refused_close_says_why_and_is_tried_again_until_it_is_done() -> None:
    holding()
    switch = flatten()
    InstrumentQuote.objects.all().delete()
    at = now()
    for tries, pause in ((1, timedelta(seconds=1)), (2, timedelta(seconds=2))):
        assert send_on_paper(closing=True) == 1
        carry_out(now=at)
        leg = switch.legs.get()
        assert (leg.state, leg.code, leg.tries) == ("failed", "venue.bad_symbol", tries)
        assert (leg.message, leg.due_at) == ("no quote for BTCUSDT", at + pause)
        at += pause
        carry_out(now=at)
    a_quote()
    send_on_paper(closing=True)
    carry_out(now=at)
    leg = switch.legs.get()
    assert (leg.state, leg.tries, leg.closed) == ("done", 3, Decimal("0.041"))
    assert list(Order.objects.filter(reduce_only=True).order_by("leg").values_list("leg")) == [
        (0,), (1,), (2,),
    ]  # fmt: skip


def test_a_position_above_the_venues_largest_order_is_closed_in_parts() -> None:
    holding()
    a_market(max_quantity=Decimal("0.02"))
    switch = flatten()
    for seconds in (1, 2, 3):
        send_on_paper(closing=True)
        later(seconds)
    quantities = Order.objects.filter(reduce_only=True).order_by("id").values_list("quantity")
    assert [row[0] for row in quantities] == [Decimal(q) for q in ("0.02", "0.02", "0.001")]
    assert (switch.legs.get().state, switch.legs.get().closed) == ("done", Decimal("0.041"))


def test_a_lifted_switch_ends_what_waits_and_lets_orders_finish() -> None:
    strategy, [first, second] = holding(2)
    Order.objects.filter(subscription_id=second.pk).update(status="unknown", closed_at=None)
    switch = flatten()
    lift_kill_switch(switch=switch, reason="it is over", by=a_person(), now=now())
    send_on_paper(closing=True)
    Order.objects.filter(subscription_id=second.pk).update(status="filled", closed_at=now())
    later()
    states = dict(switch.legs.values_list("subscription_id", "state"))
    assert states == {first.pk: "done", second.pk: "failed"}
    assert switch.legs.get(subscription=second).code == "kill_switch.lifted"
    assert Position.objects.get(account=second.account).quantity == Decimal("0.041")


def test_a_switch_raised_again_closes_what_was_left() -> None:
    _, [copy] = holding()
    Position.objects.filter(account=copy.account).update(quantity=0)
    switch = flatten()
    by = a_person()
    change_kill_switch(
        switch=switch, effect=KillEffect.CLOSE_ONLY, reason="not yet", by=by, now=now()
    )
    Position.objects.filter(account=copy.account).update(quantity=Decimal("0.041"))
    change_kill_switch(switch=switch, effect=KillEffect.FLATTEN, reason="now", by=by, now=now())
    assert send_on_paper(closing=True) == 1


def test_a_process_that_dies_midway_leaves_no_close_undone_and_none_doubled(
    tmp_path: Path,
) -> None:
    holding(3)
    reached = tmp_path / "reached"
    code = (
        "import django; django.setup(); from django.utils import timezone; "
        "from trading.guards.flatten import carry_out; carry_out(now=timezone.now())"
    )
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "mimic.settings", "DB_POOL": "false",
        "CHECKPOINT": "legs judged", "CHECKPOINT_FILE": str(reached),
    }  # fmt: skip
    with transaction.atomic():  # the switch alone, as if the process that set it died right after
        switch = KillSwitch.objects.create(
            scope="platform", effect="flatten", effect_since=now(), reason="fire", set_at=now()
        )
    victim = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment)
    limit = time.monotonic() + 20
    while not reached.exists():
        assert time.monotonic() < limit, "the victim did not get there"
        time.sleep(0.02)
    assert later(0) == 0  # the victim holds the legs: nobody else may close them
    victim.kill()
    victim.wait()
    limit = time.monotonic() + 5
    while not later(0):
        assert time.monotonic() < limit, "the legs were not let go"
        time.sleep(0.02)
    assert send_on_paper(closing=True) == 3
    later()
    assert Order.objects.filter(reduce_only=True).count() == 3
    assert set(switch.legs.values_list("state", flat=True)) == {"done"}


def test_a_person_with_an_open_page_is_told(redis_server: redis.Redis) -> None:
    _, [copy] = holding()
    redis_server.zadd(presence.KEY, {str(copy.user_id): time.time()})
    listener = redis_server.pubsub()  # type: ignore[no-untyped-call]
    listener.subscribe(topic())
    flatten()
    send_on_paper(closing=True)
    later()
    told = []
    while (message := listener.get_message(timeout=1.0)) is not None:
        if message["type"] == "message" and b'"guards"' in message["data"]:
            told.append(Envelope.decode(message["data"].partition(b"\n")[2]).each[0])
    assert [(person, data["state"], data["reason"]) for person, data in told] == [
        (copy.user_id, "closing", "kill_switch.platform"),
        (copy.user_id, "done", "kill_switch.platform"),
    ]
    assert Decimal(told[-1][1]["price"]) == 59_994
    listener.close()
