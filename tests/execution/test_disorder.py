"""Any order of arrival, any doubling, any cut into messages: the same books."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cast import a_follower, a_strategy, an_account
from tests.execution.news_cast import a_fill, an_end, an_order, books
from trading.domain.news import News
from trading.domain.ports import OrderState, Side
from trading.execution.news import Told, apply_news
from trading.models import ExchangeAccount

pytestmark = pytest.mark.django_db(transaction=True)

SIDES = (Side.BUY, Side.SELL, Side.BUY, Side.SELL)
Drawn = tuple[int, int, int, int]  # order (4: a person's own), side, tenths, price

told = st.lists(
    st.tuples(
        st.integers(0, 4), st.integers(0, 1), st.integers(1, 9), st.sampled_from([97, 100, 113])
    ),
    min_size=1,
    max_size=9,
)


@contextmanager
def forgotten() -> Iterator[None]:
    """What happens inside has never been."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _news(account: ExchangeAccount, copies: list[Any], fills: list[Drawn]) -> list[News]:
    """Each fill a second after the one before (two may share it), then the orders' ends."""
    orders = [
        an_order(account, copy=copies[number % 3 % 2], side=side, quantity="9", closing=number == 3)
        for number, side in enumerate(SIDES)
    ]
    news: list[News] = []
    executed = [0] * len(orders)
    for number, (who, side, tenths, price) in enumerate(fills):
        order = orders[who] if who < len(orders) else None
        quantity = f"{tenths / 10}"
        news.append(
            a_fill(
                order, number + 1, quantity, str(price), side=SIDES[side], after=number // 2,
            )
        )  # fmt: skip
        if order is not None:
            executed[who] += tenths
    for order, tenths in zip(orders, executed, strict=True):
        if tenths:
            news.append(an_end(order, OrderState.EXPIRED, f"{tenths / 10}", after=99))
    return news


def _apply(account: ExchangeAccount, messages: list[list[News]]) -> None:
    """As the engine does: ends that came early are applied again."""
    early: list[Told] = []
    for message in messages:
        told = [Told(account.pk, each) for each in message]
        early = apply_news(told=[*early, *told], now=datetime.now(UTC)).early
    assert early == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(fills=told, data=st.data())
def test_any_permutation_of_news_makes_the_same_books(
    db: None, fills: list[Drawn], data: st.DataObject
) -> None:
    account = an_account()
    copies = [a_follower(a_strategy().strategy, account=account) for _ in range(2)]
    news = _news(account, copies, fills)
    shuffled = data.draw(st.permutations([*news, *data.draw(st.lists(st.sampled_from(news)))]))
    cuts = data.draw(st.lists(st.integers(1, 4), min_size=len(shuffled), max_size=len(shuffled)))
    messages, rest = [], list(shuffled)
    for size in cuts:
        if rest:
            messages.append(rest[:size])
            rest = rest[size:]
    with forgotten():
        _apply(account, [[each] for each in news])
        expected = books(account)
    with forgotten():
        _apply(account, messages)
        assert books(account) == expected
