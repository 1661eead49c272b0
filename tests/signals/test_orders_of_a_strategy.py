"""A strategy's bare orders, and opens against its own position, in the light of what it holds."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from signals.models import Action, Direction, InboxMessage, OnOpposite, Signal, Strategy
from signals.services.meaning import Held, Ordered, Stance, meaning_of_order
from tests.cast import Published, a_market, a_strategy

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
BUY, SELL = Direction.LONG, Direction.SHORT

sizes = st.decimals("0.001", "1000", places=3)
held = st.one_of(
    st.just(Held(Stance.FLAT, D(0))), st.builds(Held, st.sampled_from(list(Stance)[:2]), sizes)
)


@pytest.mark.django_db(False)
@given(was=held, order=st.builds(Ordered, st.sampled_from([BUY, SELL]), sizes))
def test_position_plus_order_is_the_position_afterwards(was: Held, order: Ordered) -> None:
    def signed(stance: str, size: Decimal) -> Decimal:
        return {"long": size, "short": -size, "flat": D(0)}[stance]

    expected = signed(was.stance, was.size or D(0)) + signed(
        order.direction, order.contracts or D(0)
    )
    last = meaning_of_order(was, order)[-1]
    assert last.size == abs(expected)
    if last.action is Action.OPEN:
        assert (last.direction is BUY) == (expected > 0)
    elif last.close_pct is None:
        assert expected == 0
    else:
        assert last.direction.value == was.stance.value


@pytest.mark.django_db(False)
@pytest.mark.parametrize("size", [None, D(3)])
@pytest.mark.parametrize("contracts", [None, D(9)])
def test_an_order_against_the_position_closes_all_of_it_unless_both_sizes_are_known(
    size: Decimal | None, contracts: Decimal | None
) -> None:
    intents = meaning_of_order(Held(Stance.LONG, size), Ordered(SELL, contracts))
    assert intents[0].action is Action.CLOSE
    assert intents[0].close_pct is None
    assert len(intents) == (2 if size and contracts else 1)


@pytest.fixture
def published() -> Published:
    a_market()
    a_market("ETHUSDT")
    return a_strategy()


def _send(published: Published, *, symbol: str = "BTCUSDT", **fields: Any) -> Any:
    body = json.dumps({"symbol": symbol, **fields})
    return Client().post(f"/webhook/{published.token}", data=body, content_type="application/json")


def _said(symbol: str = "BTCUSDT") -> list[tuple[str, str, Decimal | None]]:
    rows = Signal.objects.filter(symbol=symbol).order_by("pk")
    return [(row.action, row.direction, row.close_pct) for row in rows]


def test_a_buy_opens_adds_and_covers_as_the_position_says(published: Published) -> None:
    for number, (word, contracts) in enumerate(
        [("buy", 2), ("buy", 2), ("sell", 1), ("sell", 3), ("sell", 4), ("buy", 6)]
    ):
        order = {"action": word, "contracts": contracts, "id": number}
        assert _send(published, strategy={"order": order}, n=number).status_code == 202
    assert _said() == [
        ("open", "long", None),
        ("open", "long", None),
        ("close", "long", D(25)),
        ("close", "long", None),
        ("open", "short", None),
        ("close", "short", None),
        ("open", "long", None),
    ]
    kept = list(Signal.objects.order_by("pk").values_list("strategy_size", flat=True))
    assert kept == [2, 4, 3, 0, 4, 0, 2]
    assert (InboxMessage.objects.order_by("pk").last().parse or {})["leads"] == "long 6"  # type: ignore[union-attr]


def test_without_contracts_an_order_against_the_position_only_closes(published: Published) -> None:
    for number, word in enumerate(["sell", "buy", "buy"]):
        assert _send(published, action=word, n=number).status_code == 202
    assert _said() == [
        ("open", "short", None),
        ("close", "short", None),
        ("open", "long", None),
    ]


def test_each_symbol_has_its_own_position(published: Published) -> None:
    _send(published, action="buy", contracts=1)
    _send(published, action="sell", contracts=1, symbol="ETHUSDT")
    assert _said("ETHUSDT") == [("open", "short", None)]


def test_a_position_without_the_one_before_is_measured_against_ours(published: Published) -> None:
    for position, size in [("long", 4), ("long", 3), ("short", 3), ("flat", 0)]:
        answer = _send(published, market_position=position, market_position_size=size)
        assert answer.status_code == 202
    assert _said() == [
        ("open", "long", None),
        ("close", "long", D(25)),
        ("close", "long", None),
        ("open", "short", None),
        ("close", "any", None),
    ]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (OnOpposite.REVERSE, [("close", "long", None), ("open", "short", None)]),
        (OnOpposite.CLOSE, [("close", "long", None)]),
        (OnOpposite.BOTH, [("open", "short", None)]),
    ],
)
def test_an_open_the_other_way_is_what_the_strategys_rule_says(
    published: Published, rule: OnOpposite, said: list[tuple[str, str, Decimal | None]]
) -> None:
    Strategy.objects.update(on_opposite=rule)
    _send(published, action="long")
    assert _send(published, action="short").status_code == 202
    assert _said()[1:] == said


def test_after_a_close_the_other_way_is_a_plain_open(published: Published) -> None:
    for number, word in enumerate(["long", "close", "short", "close_short", "long"]):
        _send(published, action=word, n=number)
    assert [action for action, _, _ in _said()] == ["open", "close", "open", "close", "open"]
    assert not Signal.objects.exclude(after=None).exists()


def test_orders_of_one_moment_are_taken_in_turn(published: Published) -> None:
    """Four buys of one contract and four sells: whatever their order, the strategy ends flat."""

    def send(number: int) -> int:
        try:
            order: dict[str, Any] = {"action": "buy" if number % 2 else "sell", "contracts": 1}
            return int(_send(published, **order, order_id=number, n=number).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(send, range(8))) == {202}
    last = Signal.objects.order_by("-pk").first()
    assert last is not None
    assert last.strategy_size == 0
