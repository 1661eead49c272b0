"""What fills make of the books of a symbol: ours, copies' shares of it, and the person's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from trading.domain.books import Holding
from trading.domain.ledger import Booking, Closed, Ledger, Line, place
from trading.domain.ports import PositionSide, Side

D = Decimal
START = datetime(2026, 11, 1, tzinfo=UTC)
BOTH, LONG, SHORT = PositionSide.BOTH, PositionSide.LONG, PositionSide.SHORT


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def a_fill(
    second: int, side: str, quantity: str, price: int, copy: int | None = None, **fields: Any
) -> Booking:
    """Its fee is 0.1 of its quantity; its number is its second."""
    given: dict[str, Any] = {
        "origin_id": second, "trade_id": str(second), "position_side": BOTH, "at": at(second),
        "fee": D(quantity) / 10, "external": copy is None, "leverage": 5,
    }  # fmt: skip
    return Booking(
        side=Side(side), quantity=D(quantity), price=D(price), subscription_id=copy,
        **(given | fields),
    )  # fmt: skip


def held(lines: dict[Any, Line]) -> dict[Any, tuple[Decimal, Decimal]]:
    """Signed quantity and entry of every line."""
    return {key: (line.held.quantity, line.held.entry) for key, line in lines.items()}


def test_a_copys_fills_make_its_share_the_position_and_one_trade() -> None:
    ledger = Ledger()
    trades = ledger.book([a_fill(1, "buy", "2", 100, 7), a_fill(2, "sell", "1", 130, 7)])
    assert held(ledger.positions) == {BOTH: (D(1), D(100))}
    assert held(ledger.shares) == {7: (D(1), D(100))}
    assert held(ledger.external) == ledger.detached == {}
    assert trades == [
        Closed(2, 7, LONG, D(1), D(100), D(130), D(30), D("0.2"), at(1), at(2)),
    ]
    line = ledger.positions[BOTH]
    assert (line.realised, line.fees, line.open_fees) == (D(30), D("0.3"), D("0.1"))
    assert (line.opened_at, line.leverage) == (at(1), 5)


def test_a_short_closes_by_buying() -> None:
    trades = Ledger().book([a_fill(1, "sell", "2", 100, 7), a_fill(2, "buy", "2", 90, 7)])
    assert trades == [Closed(2, 7, SHORT, D(2), D(100), D(90), D(20), D("0.4"), at(1), at(2))]


def test_fills_are_booked_in_the_venues_order_whatever_the_order_they_come_in() -> None:
    fills = [a_fill(1, "buy", "1", 100, 7, origin_id=9), a_fill(2, "sell", "3", 110, 7)]
    there, back = Ledger(), Ledger()
    assert there.book(fills) == back.book(fills[::-1])
    assert held(there.positions) == held(back.positions) == {BOTH: (D(-2), D(110))}


def test_trades_of_one_moment_follow_their_numbers() -> None:
    early, late = a_fill(1, "buy", "1", 100, trade_id="9"), a_fill(1, "buy", "1", 100)
    assert early.place < late._replace(trade_id="10").place == place(at(1), "10")
    assert place(at(0), "99") < early.place


def test_what_grows_keeps_its_opening_and_what_turns_around_opens_anew() -> None:
    ledger = Ledger()
    ledger.book([a_fill(1, "buy", "1", 100, 7), a_fill(2, "buy", "1", 200, 7, leverage=3)])
    line = ledger.positions[BOTH]
    assert (line.opened_at, line.leverage, line.held) == (at(1), 5, Holding(D(2), D(150)))
    ledger.book([a_fill(3, "sell", "1", 150, 7, leverage=3)])
    assert (line.opened_at, line.leverage) == (at(1), 5)
    (turned,) = ledger.book([a_fill(4, "sell", "3", 160, 7, leverage=2)])
    assert (turned.quantity, turned.opened_at, turned.profit) == (D(1), at(1), D(10))
    assert (line.opened_at, line.leverage, line.held) == (at(4), 2, Holding(D(-2), D(160)))
    ledger.book([a_fill(5, "buy", "2", 160, 7), a_fill(6, "buy", "1", 170, 7, leverage=9)])
    assert (line.opened_at, line.leverage, line.held) == (at(6), 9, Holding(D(1), D(170)))


def test_what_shrinks_keeps_its_opening_to_the_end() -> None:
    ledger = Ledger()
    ledger.book([a_fill(1, "buy", "0.3", 100, 7)])
    for second, sold in ((2, "0.1"), (3, "0.2")):
        (trade,) = ledger.book([a_fill(second, "sell", sold, 110, 7, leverage=3)])
        assert trade.opened_at == at(1)
        assert (ledger.positions[BOTH].opened_at, ledger.positions[BOTH].leverage) == (at(1), 5)


def test_sides_of_a_hedged_account_are_lines_of_their_own() -> None:
    ledger = Ledger()
    trades = ledger.book(
        [
            a_fill(1, "buy", "1", 100, 7, position_side=LONG),
            a_fill(2, "sell", "2", 110, 8, position_side=SHORT),
            a_fill(3, "sell", "4", 120, position_side=LONG),
        ]
    )
    assert held(ledger.positions) == {LONG: (D(0), D(0)), SHORT: (D(-2), D(110))}
    assert held(ledger.external) == {LONG: (D(-3), D(120))}
    assert [(each.side, each.subscription_id) for each in trades] == [(LONG, 7)]


def test_an_order_of_nobodys_copy_moves_the_position_alone() -> None:
    ledger = Ledger()
    trades = ledger.book(
        [
            a_fill(1, "buy", "1", 100, external=False),
            a_fill(2, "sell", "1", 110, external=False),
        ]
    )
    assert ledger.shares == {}
    assert [(each.subscription_id, each.profit) for each in trades] == [(None, D(10))]


def test_a_persons_own_fills_stay_beside_ours() -> None:
    ledger = Ledger()
    trades = ledger.book(
        [
            a_fill(1, "buy", "1", 100, 7),
            a_fill(2, "buy", "2", 120),
            a_fill(3, "sell", "1.5", 130),
        ]
    )
    assert trades == []
    assert held(ledger.positions) == {BOTH: (D(1), D(100))}
    assert held(ledger.external) == {BOTH: (D("0.5"), D(120))}
    assert ledger.external[BOTH].realised == D(15)
    assert ledger.external[BOTH].fees == D("0.35")
    assert ledger.detached == {}


def test_a_persons_close_takes_their_own_first_then_ours_then_turns_their_own_around() -> None:
    ledger = Ledger()
    trades = ledger.book(
        [
            a_fill(1, "buy", "2", 100, 7),
            a_fill(2, "buy", "1", 120),
            a_fill(3, "sell", "5", 130),
        ]
    )
    assert trades == [Closed(3, 7, LONG, D(2), D(100), D(130), D(60), D("0.4"), at(1), at(3))]
    assert held(ledger.positions) == {BOTH: (D(0), D(0))}
    assert held(ledger.shares) == {7: (D(0), D(0))}
    assert held(ledger.external) == {BOTH: (D(-2), D(130))}
    assert ledger.external[BOTH].realised == D(10)
    assert ledger.external[BOTH].fees == D("0.4")  # of its own 1, 1 and 2; the rest is the trade's
    assert ledger.detached == {7: D(2)}


@pytest.mark.parametrize(
    ("sold", "left", "taken", "holder"),
    [
        ("1", {7: D(1), 9: D(3)}, {7: D(1)}, 7),
        ("2", {7: D(0), 9: D(3)}, {7: D(2)}, 7),
        ("4", {7: D(0), 9: D(1)}, {7: D(2), 9: D(2)}, None),
    ],
)
def test_a_persons_close_detaches_copies_the_oldest_first(
    sold: str, left: dict[int, Decimal], taken: dict[int, Decimal], holder: int | None
) -> None:
    ledger = Ledger()
    ledger.book([a_fill(1, "buy", "3", 100, 9), a_fill(2, "buy", "2", 100, 7)])
    (trade,) = ledger.book([a_fill(3, "sell", sold, 110)])
    assert {copy: line.held.quantity for copy, line in ledger.shares.items()} == left
    assert ledger.detached == taken
    assert (trade.subscription_id, trade.quantity) == (holder, D(sold))
    assert ledger.positions[BOTH].held.quantity == D(5) - D(sold)
    assert ledger.external == {BOTH: Line()}


def test_what_is_detached_adds_up() -> None:
    ledger = Ledger()
    fills = [a_fill(second, "sell", "0.5", 110) for second in (2, 3)]
    ledger.book([a_fill(1, "buy", "2", 100, 7), *fills])
    assert ledger.detached == {7: D(1)}


def test_what_no_copy_holds_is_nobodys_trade() -> None:
    """Two units of ours, of which a copy holds one: a close of both is not that copy's alone."""
    ledger = Ledger()
    ledger.book([a_fill(1, "buy", "1", 100, 7), a_fill(2, "buy", "1", 100, external=False)])
    (trade,) = ledger.book([a_fill(3, "sell", "2", 110)])
    assert (trade.subscription_id, ledger.detached) == (None, {7: D(1)})


def test_a_copy_on_the_other_side_is_left_alone() -> None:
    ledger = Ledger()
    ledger.book([a_fill(1, "sell", "1", 100, 3), a_fill(2, "buy", "3", 100, 7)])
    (trade,) = ledger.book([a_fill(3, "sell", "1", 110)])
    assert (trade.subscription_id, ledger.detached) == (7, {7: D(1)})
    assert ledger.shares[3].held.quantity == D(-1)


@pytest.mark.parametrize(
    ("quantity", "side", "closes"),
    [("2", "sell", "2"), ("2", "buy", "0"), ("-2", "buy", "2"), ("-2", "sell", "0"),
     ("0", "buy", "0"), ("0", "sell", "0"), ("0.5", "sell", "0.5")],
)  # fmt: skip
def test_a_trade_closes_what_is_held_on_the_other_side(
    quantity: str, side: str, closes: str
) -> None:
    assert Line(held=Holding(D(quantity), D(100))).against(Side(side)) == D(closes)


def test_a_new_line_is_empty() -> None:
    line = Line()
    assert (line.held, line.leverage, line.opened_at) == (Holding(), 1, None)
    assert line.realised == line.fees == line.open_fees == 0


def test_what_was_handed_over_is_no_copys_whatever_comes_of_before() -> None:
    """The person kept what copy 7 held at second 3; what it opens later is its own again."""
    fills = [a_fill(1, "buy", "2", 100, 7), a_fill(2, "buy", "1", 100, 7)]
    later = a_fill(5, "buy", "4", 100, 7)
    ledger = Ledger(handed={7: at(3)})
    ledger.book(fills)
    assert held(ledger.shares) == {7: (D(0), D(0))}
    assert held(ledger.positions) == {BOTH: (D(3), D(100))}
    assert ledger.handed == {}
    anew = Ledger(handed={7: at(3)})
    anew.book([later, *fills])
    assert held(anew.shares) == {7: (D(4), D(100))}


def test_a_persons_close_takes_what_they_kept_before_any_copys() -> None:
    ledger = Ledger()
    ledger.book([a_fill(1, "buy", "1", 100, 7), a_fill(1, "buy", "2", 100, external=False)])
    (first,) = ledger.book([a_fill(2, "sell", "1.5", 110)])
    assert (first.subscription_id, first.quantity, ledger.detached) == (None, D("1.5"), {})
    ledger.book([a_fill(3, "sell", "1", 110)])
    assert (ledger.detached, ledger.shares[7].held.quantity) == ({7: D("0.5")}, D("0.5"))


def test_a_close_that_fills_beyond_its_share_turns_nothing_around() -> None:
    ledger = Ledger()
    ledger.book(
        [
            a_fill(1, "buy", "1", 100, 7),
            a_fill(2, "buy", "1", 100, 8),
            a_fill(3, "buy", "1", 100, 9),
            a_fill(4, "buy", "0.5", 100, external=False),
            a_fill(5, "buy", "2", 100),
        ]
    )
    for second, copies, position, own in (
        (6, {7: "0", 8: "1", 9: "1"}, "2.5", "2"),
        (7, {7: "0", 8: "0.5", 9: "1"}, "1.5", "2"),
        (8, {7: "0", 8: "0", 9: "0.5"}, "0.5", "2"),
        (9, {7: "0", 8: "0", 9: "0"}, "0", "1.5"),
        (10, {7: "0", 8: "0", 9: "0"}, "0", "0.5"),
        (11, {7: "0", 8: "0", 9: "0"}, "0", "-0.5"),
    ):
        ledger.book([a_fill(second, "sell", "1", 110, 7, closing=True)])
        shares = {copy: line.held.quantity for copy, line in ledger.shares.items()}
        assert shares == {copy: D(left) for copy, left in copies.items()}
        assert ledger.positions[BOTH].held.quantity == D(position)
        assert ledger.external[BOTH].held.quantity == D(own)
