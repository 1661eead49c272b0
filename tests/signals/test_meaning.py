"""From what a strategy held to what it holds: one intent, or a close and the open after it."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from signals.models import Action, Direction, InboxMessage, Signal
from signals.services.meaning import Held, Intent, Stance, meaning
from tests.cast import Published, a_market, a_strategy

D = Decimal
L, S, FLAT = Stance.LONG, Stance.SHORT, Stance.FLAT
OPEN_LONG, OPEN_SHORT = (Intent(Action.OPEN, each) for each in (Direction.LONG, Direction.SHORT))
CLOSE_LONG, CLOSE_SHORT, CLOSE_ANY = (
    Intent(Action.CLOSE, each, size=D(0))
    for each in (Direction.LONG, Direction.SHORT, Direction.ANY)
)

CASES: list[tuple[Held | None, Held, list[Intent]]] = [
    (None, Held(L), [OPEN_LONG]),
    (None, Held(FLAT), [CLOSE_ANY]),
    (Held(FLAT), Held(S, D(5)), [OPEN_SHORT._replace(size=D(5))]),
    (Held(FLAT), Held(FLAT), [CLOSE_ANY]),
    (Held(L, D(2)), Held(FLAT), [CLOSE_LONG]),
    (Held(S), Held(FLAT), [CLOSE_SHORT]),
    (Held(L, D(1)), Held(L, D(3)), [OPEN_LONG._replace(size=D(3))]),
    (Held(L), Held(L), [OPEN_LONG]),
    (Held(L, D(4)), Held(L, D(3)), [CLOSE_LONG._replace(close_pct=D("25.0000"), size=D(3))]),
    (Held(S, D(3)), Held(S, D(2)), [CLOSE_SHORT._replace(close_pct=D("33.3333"), size=D(2))]),
    (
        Held(L, D(10_000_001)),
        Held(L, D(10_000_000)),  # less than a percentage tells
        [CLOSE_LONG._replace(close_pct=D("0.0001"), size=D(10_000_000))],
    ),
    (Held(L, D(1)), Held(S, D(1)), [CLOSE_LONG, OPEN_SHORT._replace(size=D(1))]),
    (Held(S), Held(L), [CLOSE_SHORT, OPEN_LONG]),
]


@pytest.mark.parametrize(("was", "now", "intents"), CASES)
def test_a_change_of_position_means_just_what_the_table_says(
    was: Held | None, now: Held, intents: list[Intent]
) -> None:
    assert list(meaning(was, now)) == intents


sizes = st.decimals("0.001", "1000", places=3)
positions = st.one_of(st.just(Held(FLAT)), st.builds(Held, st.sampled_from([L, S]), sizes))


@given(was=positions, now=positions)
def test_following_the_intents_leads_from_the_old_position_to_the_new_one(
    was: Held, now: Held
) -> None:
    side, part = was.stance, D(1)
    for intent in meaning(was, now):
        if intent.action is Action.CLOSE:
            assert intent.direction in (Direction.ANY, side.value)
            part = D(0) if intent.close_pct is None else part * (100 - intent.close_pct) / 100
            side = side if part else FLAT
        else:
            side, part = Stance(intent.direction.value), D(1)
    assert side is now.stance
    if was.stance is now.stance and was.size and now.size and now.size < was.size:
        assert abs(part * was.size - now.size) <= was.size * D("0.000001")


# Through the door


@pytest.fixture
def published(db: None) -> Published:
    a_market()
    return a_strategy()


def _post(published: Published, **fields: Any) -> Any:
    return Client().post(
        f"/webhook/{published.token}",
        data=json.dumps({"symbol": "BTCUSDT", **fields}),
        content_type="application/json",
    )


@pytest.mark.django_db(transaction=True)
def test_a_reversal_is_a_close_and_an_open_that_waits_for_it(published: Published) -> None:
    answer = _post(published, market_position="short", prev_market_position="long", leverage=3)
    assert answer.status_code == 202
    close, opened = Signal.objects.order_by("pk")
    assert (close.action, close.direction, close.after_id) == ("close", "long", None)
    assert (opened.action, opened.direction, opened.after_id) == ("open", "short", close.pk)
    assert opened.leverage == 3
    assert close.inbox_message_id == opened.inbox_message_id == InboxMessage.objects.get().pk
    told = answer.json()
    assert told["signal_id"] == str(opened.public_id)
    assert told["signal_ids"] == [str(close.public_id), str(opened.public_id)]
    again = _post(published, market_position="short", prev_market_position="long", leverage=3)
    assert (again.status_code, again.json()["signal_ids"]) == (200, told["signal_ids"])
    assert Signal.objects.count() == 2
    parsed = InboxMessage.objects.get().parse or {}
    assert parsed["then"]["direction"] == "short"


@pytest.mark.django_db(transaction=True)
def test_a_position_that_shrank_is_a_partial_close_by_any_of_its_names(
    published: Published,
) -> None:
    sizes = {"market_position_size": "1.5", "prev_market_position_size": "-6"}
    strategy = {**sizes, "market_position": "short", "prev_market_position": "short"}
    assert _post(published, strategy=strategy).status_code == 202
    signal = Signal.objects.get()
    assert (signal.action, signal.direction, signal.close_pct) == ("close", "short", D(75))


@pytest.mark.django_db(transaction=True)
def test_a_close_may_name_the_part_that_it_closes(published: Published) -> None:
    assert _post(published, action="close", close_perc=40).status_code == 202
    assert _post(published, action="close_long", close_perc="100").status_code == 202
    part, whole = Signal.objects.order_by("pk")
    assert (part.close_pct, part.direction) == (D(40), "any")
    assert (whole.close_pct, whole.direction) == (None, "long")


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"action": "long", "close_perc": 50}, "close_perc"),
    ({"action": "close", "close_perc": 0}, "close_perc"),
    ({"action": "close", "close_perc": 101}, "close_perc"),
    ({"market_position": "up"}, "market_position"),
    ({"market_position": "long", "prev_market_position": "none"}, "prev_market_position"),
    ({"market_position": "long", "prev_market_position": "{{x}}"}, "prev_market_position"),
    (
        {"market_position": "long", "prev_market_position": "long", "market_position_size": "NaN"},
        "size",
    ),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("fields", "named"), REFUSED)
def test_what_makes_no_sense_is_refused_by_the_fields_name(
    published: Published, fields: dict[str, Any], named: str
) -> None:
    answer = _post(published, **fields)
    assert answer.status_code == 422
    assert named in answer.json()["detail"]
    assert not Signal.objects.exists()
