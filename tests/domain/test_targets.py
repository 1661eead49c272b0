"""Targets: what a copy should hold, and what brings it there: never past it, and to an end."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.domain.ports import Side
from trading.domain.targets import Ask, Asked, Need, needs_of, target_of

D = Decimal
BUY, SELL = Side.BUY, Side.SELL


def opened(
    signal_id: int, quantity: str, filled: str, side: Side = BUY, *, wanted: bool = False
) -> Asked:
    return Asked(signal_id, Ask.OPEN, side, D(quantity), D(filled), wanted)


def closed(signal_id: int, side: Side | None = None) -> Asked:
    return Asked(signal_id, Ask.ALL, side)


def part(signal_id: int, quantity: str, filled: str) -> Asked:
    return Asked(signal_id, Ask.PART, BUY, D(quantity), D(filled))


@pytest.mark.parametrize(
    ("held", "asked", "need"),
    [
        # As it should be.
        ("1", [opened(1, "1", "1")], None),
        ("0", [opened(1, "1", "1"), closed(2)], None),
        # A partial fill is topped up while the open is wanted, and never afterwards.
        ("0.4", [opened(1, "1", "0.4", wanted=True)], Need(False, BUY, D("0.6"), D(1), 1)),
        ("0.4", [opened(1, "1", "0.4")], None),
        ("0", [opened(1, "1", "0", SELL, wanted=True)], Need(False, SELL, D(1), D(-1), 1)),
        # A close that was missed, refused or only partly done.
        ("1", [opened(1, "1", "1"), closed(2)], Need(True, SELL, D(1), D(0), None)),
        ("-0.3", [opened(1, "1", "1", SELL), closed(2)], Need(True, BUY, D("0.3"), D(0), None)),
        ("1", [opened(1, "1", "1"), closed(2, SELL)], None),
        # What fills late of an open from before the close is too much, however it came.
        ("1.5", [opened(1, "1", "1"), closed(2), opened(3, "0.5", "0.5")],
         Need(True, SELL, D(1), D("0.5"), None)),
        # The rest of a partial close; what was closed of it counts.
        ("1", [opened(1, "1", "1"), part(2, "0.5", "0.2")],
         Need(True, SELL, D("0.3"), D("0.7"), 2)),
        ("0.5", [opened(1, "1", "1"), part(2, "0.5", "0.5")], None),
        # A person's own close is not bought back, nor counted against a later partial close.
        ("0.2", [opened(1, "1", "1")], None),
        ("0.2", [opened(1, "1", "1", wanted=True)], None),
        ("0.2", [opened(1, "1", "1"), part(2, "0.1", "0")],
         Need(True, SELL, D("0.1"), D("0.1"), 2)),
        # A reversal closes first.
        ("1", [opened(1, "1", "1"), closed(2), opened(3, "1", "0", SELL, wanted=True)],
         Need(True, SELL, D(1), D(-1), None)),
        # Nobody said that what is held is too much.
        ("3", [opened(1, "1", "1")], None),
        ("3", [], None),
    ],
)  # fmt: skip
def test_what_is_missing_or_too_much(held: str, asked: list[Asked], need: Need | None) -> None:
    assert needs_of(D(held), asked)[:1] == ([need] if need else [])


def test_the_target_is_what_is_held_unless_signals_say_otherwise() -> None:
    assert target_of(D(3), [opened(1, "1", "1")]) == 3
    assert target_of(D(1), [opened(1, "1", "1"), closed(2)]) == 0
    assert target_of(D("0.4"), [opened(1, "1", "0.4", wanted=True)]) == 1


_lots = st.integers(0, 8).map(lambda lots: D(lots) / 4)
_sides = st.sampled_from([BUY, SELL])
_asked = st.builds(
    lambda ask, side, quantity, filled, wanted: Asked(
        0, ask, None if ask is Ask.ALL and wanted else side, quantity, min(filled, quantity), wanted
    ),
    st.sampled_from(list(Ask)), _sides, _lots, _lots, st.booleans(),
)  # fmt: skip
_history = st.lists(_asked, max_size=6).map(
    lambda asked: [each._replace(signal_id=place) for place, each in enumerate(asked)]
)
_held = st.integers(-12, 12).map(lambda lots: D(lots) / 4)


@given(held=_held, asked=_history, shares=st.lists(st.integers(0, 4), max_size=60))
def test_convergence_never_passes_the_target_nor_the_position_and_ends(
    held: Decimal, asked: list[Asked], shares: list[int]
) -> None:
    """Each order fills by as many quarters as ``shares`` says, the later ones wholly."""
    for filled in [*shares, *[4] * 40]:
        needs = needs_of(held, asked)
        assert needs == needs_of(held, asked)
        if not needs:
            break
        need = needs[0]
        assert need.quantity > 0
        sign = 1 if need.side is BUY else -1
        if need.close:
            assert need.quantity <= abs(held)
            assert held * sign < 0
        else:
            assert held * sign >= 0
            assert abs(held + sign * need.quantity) <= abs(need.target)
        traded = need.quantity * filled / 4
        held += sign * traded
        asked = [
            each._replace(filled=each.filled + traded) if each.signal_id == need.signal_id else each
            for each in asked
        ]
    assert needs_of(held, asked) == []
