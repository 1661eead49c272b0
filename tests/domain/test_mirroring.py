"""What a master's trades did to its position, and what of it is mirrored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.domain.mirroring import (
    Judged,
    Terms,
    Trade,
    Verdict,
    Waiting,
    Why,
    joined,
    judged,
    margin_pct,
    shift,
    walk,
)
from trading.domain.ports import PositionSide, Side

D = Decimal
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def a_trade(
    number: int, quantity: str, *, order: str = "1", name: str = "web", ms: int = 0,
    symbol: str = "BTCUSDT", trade_id: str = "",
) -> Trade:  # fmt: skip
    """Sold if ``quantity`` is below zero; ``ms`` after the start."""
    amount, at = D(quantity), NOW + timedelta(milliseconds=ms)
    side = Side.BUY if amount > 0 else Side.SELL
    return Trade(
        number, trade_id or str(number), order, name, symbol, PositionSide.BOTH, side, abs(amount),
        D(100 + number), False, at, at,
    )  # fmt: skip


def terms(**changed: Any) -> Terms:
    usual = Terms(
        NOW - timedelta(hours=1), False, True, "mtest", "nocopy", frozenset(), frozenset()
    )
    return usual._replace(**changed)


@pytest.mark.parametrize(
    ("held", "delta", "close_pct", "opens"),
    [
        ("0", "2", None, "2"),
        ("0", "-2", None, "2"),
        ("1", "0.5", None, "0.5"),
        ("2", "-0.5", "25", "0"),
        ("-3", "1", "33.3333", "0"),
        ("2", "-2", "100", "0"),
        ("2", "-5", "100", "3"),
        ("-1", "1.5", "100", "0.5"),
        ("1000000", "-0.1", "0.0001", "0"),
        ("3", "-2.999999999", "99.9999", "0"),
    ],
)
def test_a_change_closes_part_of_what_is_held_and_opens_the_rest(
    held: str, delta: str, close_pct: str | None, opens: str
) -> None:
    expected = (None if close_pct is None else D(close_pct), D(opens))
    assert shift(D(held), D(delta)) == expected


def test_fills_of_one_order_are_joined_for_300_ms_after_the_first() -> None:
    trades = [
        a_trade(1, "1"), a_trade(2, "1", ms=299), a_trade(3, "1", order="2", ms=299),
        a_trade(4, "2", ms=301), a_trade(5, "1", ms=601), a_trade(6, "1", ms=602),
    ]  # fmt: skip
    moves = [[each.row_id for each in move.trades] for move in joined(trades)]
    assert moves == [[1, 2], [3], [4, 5], [6]]
    both = joined(trades)[0]
    assert (both.quantity, both.delta, both.price) == (D(2), D(2), D("101.5"))


@given(st.permutations([a_trade(n, "1", order=str(n % 3), ms=97 * n) for n in range(12)]))
def test_whatever_order_fills_come_in_they_are_joined_alike(trades: list[Trade]) -> None:
    assert joined(trades) == joined(sorted(trades))


@pytest.mark.parametrize(
    ("trade", "held", "changed", "expected"),
    [
        ({}, "0", {}, (None, "1", None)),
        ({}, "-1", {}, ("100", "0", None)),
        ({}, "-0.5", {}, ("100", "0.5", None)),
        ({}, "0", {"connected_at": NOW + timedelta(seconds=1)}, (None, "0", Why.BEFORE)),
        ({"name": "mtest0001"}, "0", {}, (None, "0", Why.OURS)),
        ({"name": "NoCopy-7"}, "-1", {}, (None, "0", Why.NO_COPY)),
        ({}, "0", {"ignored": frozenset({"BTCUSDT"})}, (None, "0", Why.SYMBOL)),
        ({}, "-1", {"ignored": frozenset({"BTCUSDT"})}, (None, "0", Why.SYMBOL)),
        (
            {}, "-1", {"ignored": frozenset({"BTCUSDT"}), "held": frozenset({"BTCUSDT"})},
            ("100", "0", None),
        ),
        ({}, "0", {"paused": True}, (None, "0", Why.PAUSED)),
        ({}, "-1", {"paused": True}, ("100", "0", None)),
        ({}, "-0.5", {"paused": True}, ("100", "0", Why.PAUSED)),
        ({}, "0", {"whole": False}, (None, "0", Why.OFFLINE)),
        ({}, "-0.5", {"whole": False}, ("100", "0", Why.OFFLINE)),
        ({"ms": -60_001}, "0", {}, (None, "0", Why.TOO_OLD)),
        ({"ms": -60_001}, "-2", {}, ("50", "0", None)),
        ({"trade_id": "found1"}, "0", {}, (None, "0", Why.UNEXPLAINED)),
        ({"trade_id": "found1"}, "-1", {}, ("100", "0", None)),
    ],
)  # fmt: skip
def test_closes_are_mirrored_whatever_is_in_the_way_of_opens(
    trade: dict[str, Any], held: str, changed: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    (move,) = joined([a_trade(1, "1", **trade)])
    close_pct, opens, why = expected
    close = None if close_pct is None else D(close_pct)
    assert judged(move, D(held), terms(**changed), NOW) == Verdict(close, D(opens), why)


def _walked(trades: list[Trade], due: list[bool], **changed: Any) -> list[Any]:
    waiting = list(map(Waiting, joined(trades), due))
    found: list[Judged] = walk(waiting, D(0), terms(**changed), NOW)
    return [(each.move.first.row_id, each.held, each.verdict.why) for each in found]


def test_moves_of_a_line_are_decided_in_turn_and_a_close_never_waits_for_an_open() -> None:
    trades = [a_trade(1, "1", order="1"), a_trade(2, "1", order="2"), a_trade(3, "-2", order="3")]
    assert _walked(trades, [True, False, True]) == [(1, 0, None)]
    assert _walked(trades, [True, True, True]) == [(1, 0, None), (2, 1, None), (3, 2, None)]
    assert _walked(trades[:2], [True, True], whole=False) == []
    assert _walked(trades, [True, True, True], whole=False) == [
        (1, 0, Why.OFFLINE), (2, 1, Why.OFFLINE), (3, 2, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("opens", "leverage", "equity", "expected"),
    [
        ("0.5", 10, "10000", "25"),
        ("0.5", None, "10000", None),
        ("0.5", 10, None, None),
        ("0.5", 10, "0", None),
        ("0", 10, "10000", None),
        ("0.000001", 125, "10000000", "0.0001"),
    ],
)
def test_the_margin_of_what_is_opened_is_a_part_of_the_masters_equity(
    opens: str, leverage: int | None, equity: str | None, expected: str | None
) -> None:
    found = margin_pct(D(opens), D(50_000), leverage, None if equity is None else D(equity))
    assert found == (None if expected is None else D(expected))
