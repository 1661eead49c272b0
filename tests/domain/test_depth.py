"""Depth of the book: an open is copied only where the book can give it several times over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.cast import CLOSE, LONG, NOW, QUOTE, D, deciding, holding, limited, own
from trading.domain.depth import BAND, depth_of
from trading.domain.limits import DEFAULTS, Layer, Source, resolve
from trading.domain.ports import Depth, OrderBook, Quote, Side

WANTED = D("0.041")  # what the follower's settings come to
SHORT = replace(LONG, side=Side.SELL)


def _quote(bids: str = "1000", asks: str = "1000", age: int = 0) -> Quote:
    return replace(QUOTE, depth=Depth(D(bids), D(asks), NOW - timedelta(seconds=age)))


@pytest.mark.parametrize(
    ("offered", "code"), [("0.123", "planned"), ("0.122", "thin_book"), ("0", "thin_book")]
)
@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_three_times_the_order_must_be_on_its_side_of_the_book(
    offered: str, code: str, side: Side
) -> None:
    quote = _quote(asks=offered) if side is Side.BUY else _quote(bids=offered)
    decision = deciding(replace(LONG, side=side), quote=quote)
    assert decision.code == code
    assert decision.inputs["on_offer"] == offered


def test_the_other_side_of_the_book_does_not_matter() -> None:
    assert deciding(LONG, quote=_quote(bids="0")).code == "planned"
    assert deciding(SHORT, quote=_quote(asks="0")).code == "planned"


def test_a_skip_for_a_thin_book_keeps_the_arithmetic_of_the_size() -> None:
    decision = deciding(quote=_quote(asks="0.1"))
    assert (decision.code, decision.order) == ("thin_book", None)
    assert decision.steps[-1].after == WANTED


@pytest.mark.parametrize("quote", [QUOTE, _quote(asks="0", age=11)], ids=["none", "too old"])
def test_without_a_book_a_small_order_passes_and_the_receipt_says_so(quote: Quote) -> None:
    decision = deciding(quote=quote)
    assert (decision.code, decision.inputs["on_offer"]) == ("planned", "unknown")


def test_without_a_book_an_order_above_the_limit_is_skipped_with_that_reason() -> None:
    value = WANTED * 60_000
    for most, code in ((value, "planned"), (value - 1, "no_book")):
        decision = deciding(**limited(max_blind_notional=most))
        assert (decision.code, decision.inputs["on_offer"]) == (code, "unknown")


def test_a_close_is_never_asked_for_the_book() -> None:
    decision = deciding(CLOSE, quote=_quote("0", "0"), **holding(D(50)))
    assert (decision.code, decision.order and decision.order.quantity) == ("planned", D(50))
    assert "on_offer" not in decision.inputs


def test_an_open_that_waits_for_approval_meets_the_gate_as_well() -> None:
    assert deciding(quote=_quote(asks="0.1"), mode="approval").code == "thin_book"


def test_of_all_who_ask_for_depth_the_one_who_asks_for_most_is_the_strictest() -> None:
    limits = resolve(DEFAULTS, (Layer(Source.ACCOUNT, min_depth=D(5)), own(min_depth=D(4))))
    assert (limits.min_depth, limits.source("min_depth")) == (D(5), Source.ACCOUNT)
    milder = resolve(DEFAULTS, (own(min_depth=D(1)),))
    assert (milder.min_depth, milder.source("min_depth")) == (D(3), Source.PLATFORM)


sizes = st.decimals(0, 1_000, places=3)
times = st.decimals("0.1", 50, places=1)


@given(offered=sizes, times=times, age=st.integers(0, 30), most=st.decimals(1, 100_000, places=2))
def test_no_order_ever_takes_more_of_a_known_book_than_the_limit_leaves(
    offered: Decimal, times: Decimal, age: int, most: Decimal
) -> None:
    quote = _quote(asks=str(offered), age=age)
    decision = deciding(quote=quote, **limited(min_depth=times, max_blind_notional=most))
    if decision.order is None:
        assert decision.code == ("thin_book" if age <= 10 else "no_book")
    elif age <= 10:
        assert decision.order.quantity * times <= offered
    else:
        assert decision.order.quantity * 60_000 <= most


levels = st.lists(
    st.tuples(st.decimals("90", "110", places=2), st.decimals("0.001", 10, places=3)), max_size=20
)


@given(bids=levels, asks=levels)
def test_depth_counts_what_stands_near_the_best_price_whatever_the_order_of_the_levels(
    bids: list[tuple[Decimal, Decimal]], asks: list[tuple[Decimal, Decimal]]
) -> None:
    depth = depth_of(OrderBook("X", tuple(bids), tuple(asks), NOW))
    assert depth.at == NOW
    for found, side, sign in ((depth.bids, bids, 1), (depth.asks, asks, -1)):
        if not side:
            assert found == 0
            continue
        best = max(price * sign for price, _ in side) * sign
        near = [size for price, size in side if abs(price - best) <= best * BAND]
        assert found == sum(near)
        assert 0 < found <= sum(size for _, size in side)
