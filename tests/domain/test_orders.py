"""The order's table: nothing outside it, nothing unreachable in it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trading.domain.orders import TERMINAL, TRANSITIONS, Cause, OrderStatus, client_id, result


def test_every_status_can_be_reached_from_planned() -> None:
    reached = {OrderStatus.PLANNED}
    for _ in OrderStatus:
        reached |= {after for befores, after in TRANSITIONS.values() if reached & set(befores)}
    assert reached == set(OrderStatus)


def test_every_status_that_is_not_terminal_leads_somewhere_terminal() -> None:
    alive = set(OrderStatus) - TERMINAL
    ending = {
        before for befores, after in TRANSITIONS.values() if after in TERMINAL for before in befores
    }
    assert alive <= ending


def test_every_cause_has_a_row() -> None:
    assert set(TRANSITIONS) == set(Cause)


def test_an_unknown_order_is_never_claimed_again_without_proof() -> None:
    befores, after = TRANSITIONS[Cause.CLAIM]
    assert (befores, after) == ((OrderStatus.PLANNED,), OrderStatus.SENDING)
    assert result(Cause.LOSE) is OrderStatus.UNKNOWN
    back = {cause for cause, row in TRANSITIONS.items() if row[1] is OrderStatus.PLANNED}
    assert back == {Cause.RELEASE}


def test_a_late_fill_is_booked_whatever_the_order_was_taken_for() -> None:
    befores, _ = TRANSITIONS[Cause.COMPLETE]
    assert {OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED} <= set(befores)


ids = st.tuples(st.integers(1, 2**63 - 1), st.integers(1, 999))


@given(one=ids, other=ids)
def test_client_ids_are_legal_everywhere_and_differ_with_order_and_attempt(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    name = client_id("demo", *one)
    assert len(name) <= 32
    assert name.isascii()
    assert name.isalnum()
    assert (name == client_id("demo", *other)) == (one == other)
