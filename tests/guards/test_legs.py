"""What a leg does next, by itself: properties that hold whatever the books say."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from trading.domain.orders import OrderStatus
from trading.domain.repairs import SLOWEST
from trading.guards.legs import Leg, Verdict, judge
from trading.models import LegState

UNIT = Decimal("0.001")
amounts = st.integers(-5_000, 5_000).map(lambda units: units * UNIT / 3)
steps = st.sampled_from([Decimal(0), Decimal("0.001"), Decimal("0.01"), Decimal(1)])


def _leg(**fields: Any) -> Leg:
    usual: dict[str, Any] = {
        "id": 1, "switch_id": 1, "subscription_id": 1, "account_id": 1, "route": "paper",
        "symbol": "BTCUSDT", "tries": 0, "closed": Decimal(0), "price": None, "in_force": True,
        "held": Decimal("0.041"), "position": Decimal("0.041"), "position_side": "both",
        "under_way": Decimal(0), "step": UNIT, "most": None, "order_status": None,
        "order_code": None, "order_message": None, "order_filled": None, "order_price": None,
        "busy": False, "next_intent": 0,
    }  # fmt: skip
    return Leg(**(usual | fields))


def _judged(*legs: Leg) -> list[Verdict]:
    closing: Any = defaultdict(Decimal)
    return [judge(leg, closing) for leg in legs]


@given(shares=st.lists(amounts, min_size=1, max_size=4), own=amounts, step=steps)
def test_legs_of_one_position_together_never_close_more_than_there_is(
    shares: list[Decimal], own: Decimal, step: Decimal
) -> None:
    position = sum(shares, own)
    legs = [
        _leg(held=share, position=position if share * position > 0 else Decimal(0), step=step)
        for share in shares
    ]
    assert sum(verdict.quantity for verdict in _judged(*legs)) <= abs(position)


@given(held=amounts, position=amounts, step=steps)
def test_a_close_is_never_above_the_share_nor_the_position_and_dust_ends_its_leg(
    held: Decimal, position: Decimal, step: Decimal
) -> None:
    [verdict] = _judged(_leg(held=held, position=position, step=step))
    closable = min(abs(held), abs(position))
    assert verdict.quantity <= closable
    assert not step or verdict.quantity % step == 0
    if 0 < closable < step:
        assert (verdict.code, verdict.wait) == ("below_min_quantity", None)


@given(held=amounts, taken=st.integers(0, 5_000).map(lambda units: units * UNIT), step=steps)
def test_what_other_orders_will_close_is_left_to_them(
    held: Decimal, taken: Decimal, step: Decimal
) -> None:
    [verdict] = _judged(_leg(held=held, position=held, under_way=taken, step=step))
    assert verdict.quantity <= max(abs(held) - taken, Decimal(0))
    if 0 < abs(held) <= taken:
        assert (verdict.code, verdict.state) == ("unresolved_order", LegState.PLANNED)


@given(held=amounts, status=st.sampled_from([None, *(s.value for s in OrderStatus)]))
def test_a_leg_with_an_unsettled_order_of_its_copy_sends_nothing(
    held: Decimal, status: str | None
) -> None:
    [verdict] = _judged(_leg(held=held, position=held, order_status=status, busy=True))
    assert (verdict.quantity, verdict.code) == (Decimal(0), "unresolved_order")
    assert verdict.wait is not None


@given(held=amounts, status=st.sampled_from([None, *(s.value for s in OrderStatus)]))
def test_a_switch_that_flattens_no_more_closes_nothing_and_ends_its_legs(
    held: Decimal, status: str | None
) -> None:
    [verdict] = _judged(_leg(held=held, position=held, order_status=status, in_force=False))
    assert (verdict.quantity, verdict.wait) == (Decimal(0), None)


@given(tries=st.integers(1, 10_000))
def test_a_failed_leg_waits_longer_each_time_but_never_more_than_a_minute(tries: int) -> None:
    status = OrderStatus.REJECTED.value
    [one] = _judged(_leg(order_status=status, tries=tries, order_code="venue.busy"))
    [next_one] = _judged(_leg(order_status=status, tries=tries + 1, order_code="venue.busy"))
    assert one.state is LegState.FAILED
    assert one.wait is not None
    assert next_one.wait is not None
    assert one.wait <= next_one.wait <= SLOWEST


def test_the_price_of_several_tries_is_their_average_by_quantity() -> None:
    order = {"order_status": "expired", "order_filled": Decimal(3), "order_price": Decimal(20)}
    [verdict] = _judged(_leg(closed=Decimal(1), price=Decimal(100), tries=1, **order))
    assert (verdict.closed, verdict.price) == (Decimal(4), Decimal(40))
