"""One repair's next step: how much is closed at once, when it is tried again, when it is over."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.domain.repairs import (
    HOPELESS,
    HOURLY,
    SLOWEST,
    RepairState,
    Room,
    Tried,
    after_failure,
    close_quantity,
    judge_close,
    pause_after,
    traded,
)

D = Decimal


def room(wanted: str, held: str, position: str, under_way: str = "0", most: str = "") -> Room:
    """Of a market in steps of 0.1, of at least 0.3."""
    return Room(D(wanted), D(held), D(position), D(under_way), D("0.1"), D("0.3"),
                D(most) if most else None)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "quantity", "state"),
    [
        (room("1", "1", "1"), "1", "working"),
        (room("0.55", "1", "5"), "0.6", "working"),  # rounded up: the rest could never be closed
        (room("0.55", "0.55", "5"), "0.5", "working"),  # but never past the share
        (room("1", "1", "0.7"), "0.7", "working"),  # nor what the account has left
        (room("1", "1", "2", "1.4"), "0.6", "working"),
        (room("9", "9", "9", most="2.25"), "2.2", "working"),
        (room("0.2", "0.2", "5"), "0", "residual"),
        (room("1", "1", "1", "0.9"), "0", "planned"),  # others close it: their orders may yet fail
        (room("1", "1", "0"), "0", "nothing"),
        (room("0", "1", "1"), "0", "nothing"),
    ],
)
def test_what_is_closed_at_once(found: Room, quantity: str, state: str) -> None:
    verdict = judge_close(found, done=D(0))
    assert (verdict.quantity, verdict.state) == (D(quantity), state)


def test_what_was_closed_makes_it_done() -> None:
    assert judge_close(room("0", "0", "0"), done=D(1)).state is RepairState.DONE


@pytest.mark.parametrize(
    ("tries", "pause"),
    [(1, timedelta(seconds=1)), (4, timedelta(seconds=8)), (9, SLOWEST), (HOPELESS, HOURLY)],
)
def test_what_failed_is_tried_again_after_a_growing_while(tries: int, pause: timedelta) -> None:
    verdict = after_failure(Tried("rejected", "venue.no", "no", D(0), None), tries)
    assert verdict is not None
    assert (verdict.state, verdict.code, verdict.wait) == (RepairState.FAILED, "venue.no", pause)
    assert after_failure(Tried("filled", "", "", D(1), D(1)), tries) is None


_lots = st.integers(0, 400).map(lambda lots: D(lots) / 40)


@given(_lots, _lots, _lots, _lots)
def test_no_close_is_past_the_share_or_the_position(
    wanted: Decimal, held: Decimal, position: Decimal, under_way: Decimal
) -> None:
    quantity = close_quantity(Room(wanted, held, position, under_way, D("0.1"), D("0.3"), None))
    assert quantity <= min(held, max(position - under_way, D(0)))
    assert quantity % D("0.1") == 0
    assert quantity == 0 or quantity >= D("0.3")


@pytest.mark.parametrize(
    ("done", "price", "filled", "at", "together"),
    [
        ("1", "100", "3", "200", ("4", "175")),
        ("0", None, "3", "200", ("3", "200")),
        ("1", "100", "0", None, ("1", "100")),
        ("1", "100", None, None, ("1", "100")),
        ("1", "100", "1", None, ("2", "100")),  # its price is not told
        ("0", None, "1", None, ("1", None)),
    ],
)
def test_all_tries_together_and_their_average_price(
    done: str, price: str | None, filled: str | None, at: str | None,
    together: tuple[str, str | None],
) -> None:  # fmt: skip
    told = [None if each is None else D(each) for each in (price, filled, at, together[1])]
    assert traded(D(done), *told[:3]) == (D(together[0]), told[3])


def test_pauses_double_up_to_a_minute() -> None:
    assert [pause_after(tries).seconds for tries in (0, 1, 2, 6, 7, 99)] == [1, 1, 2, 32, 60, 60]
