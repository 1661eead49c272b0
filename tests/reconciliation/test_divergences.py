"""Differences between a venue and our books: on record, healed, taken for the owner's own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from tests.cast import a_follower, a_market, a_quote, a_strategy, an_account
from tests.execution.news_cast import a_fill, an_order
from trading.domain.ports import Credentials, OrderState, PositionReport, PositionSide, Side
from trading.execution.due import settle_found, take_due
from trading.execution.findings import Finding, Found
from trading.execution.news import Told, apply_news
from trading.models import (
    CopySubscription,
    Divergence,
    ExternalFill,
    ExternalPosition,
    Order,
    Position,
    Reconciliation,
)
from trading.reconciliation import rounds
from trading.reconciliation.selectors import comparison_of

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2031, 1, 1, 12, tzinfo=UTC)  # later than any account is made
VENUE = "binanceusdm"


def _later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def _at_venue(quantity: str) -> list[PositionReport]:
    price = Decimal(60_000)
    return [PositionReport("BTCUSDT", PositionSide.BOTH, Decimal(quantity), price, None, None)]


@pytest.fixture
def copy() -> CopySubscription:
    """Holds 1 BTC by our books; its order ended long ago."""
    a_market()
    a_quote()
    made = a_follower(a_strategy().strategy, account=an_account(keys=Credentials("key", "secret")))
    order = an_order(made.account, copy=made)
    apply_news(told=[Told(made.account_id, a_fill(order, 1, "1"))], now=NOW)
    Order.objects.update(closed_at=_later(-120))
    assert Position.objects.get().quantity == 1
    return made


def _compare(copy: CopySubscription, quantity: str, after: float) -> bool:
    rounds.take(account_ids=[copy.account_id], now=_later(after))
    return rounds.compare(
        account_id=copy.account_id, positions=_at_venue(quantity), now=_later(after)
    )


def _rows() -> list[Any]:
    names = ("kind", "ours", "theirs", "action", "found_at", "healed_at")
    return list(Divergence.objects.order_by("pk").values_list(*names))


def test_what_agrees_leaves_no_row(copy: CopySubscription) -> None:
    assert not _compare(copy, "1", 0)
    assert _rows() == []
    assert Reconciliation.objects.get().compared_at == NOW


def test_a_difference_that_goes_away_by_itself_is_healed_and_tells_how_long_it_took(
    copy: CopySubscription,
) -> None:
    assert _compare(copy, "1.5", 0)
    assert not _compare(copy, "1", 15)
    assert _rows() == [("position", D(1), D("1.5"), "watches", NOW, _later(15))]
    assert not ExternalPosition.objects.exclude(quantity=0).exists()


def test_a_difference_seen_twice_is_the_owners_own(copy: CopySubscription) -> None:
    _compare(copy, "1.5", 0)
    assert not _compare(copy, "1.5", 25)
    assert _rows() == [("position", D(1), D("1.5"), "adopted", NOW, _later(25))]
    assert ExternalPosition.objects.get().quantity == D("0.5")
    assert not _compare(copy, "1.5", 50)
    assert len(_rows()) == 1


def test_two_who_compare_at_once_book_the_owners_own_once(copy: CopySubscription) -> None:
    _compare(copy, "1.5", 0)

    def again(number: int) -> bool:
        try:
            return rounds.compare(
                account_id=copy.account_id, positions=_at_venue("1.5"), now=_later(25 + number)
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as both:
        list(both.map(again, range(2)))
    assert ExternalPosition.objects.get().quantity == D("0.5")
    assert ExternalFill.objects.count() == 1


def test_nothing_is_concluded_while_an_order_of_ours_is_about(copy: CopySubscription) -> None:
    an_order(copy.account, copy=copy)
    for after in (0, 25, 50):
        assert _compare(copy, "2", after)
    assert _rows() == [("position", D(1), D(2), "waits", NOW, None)]
    assert not ExternalPosition.objects.exists()


def test_a_failed_question_is_not_flat(copy: CopySubscription) -> None:
    rounds.take(account_ids=[copy.account_id], now=NOW)
    rounds.note_failed(account_ids=[copy.account_id])
    row = Reconciliation.objects.get()
    assert (row.failures, row.compared_at, _rows()) == (1, None, [])


def D(number: int | str) -> Decimal:
    return Decimal(number)


def _due(after: float) -> bool:
    return bool(rounds.due_sessions(venue=VENUE, limit=10, now=_later(after)))


PACES = {"order": 10, "difference": 20, "position": 60, "nothing": 900}


@pytest.mark.parametrize("what", PACES)
def test_an_account_is_asked_as_often_as_what_is_open_there_asks_for(
    copy: CopySubscription, what: str
) -> None:
    if what == "nothing":
        Position.objects.update(quantity=0)
    if what == "order":
        an_order(copy.account, copy=copy)
    _compare(copy, {"difference": "3", "nothing": "0"}.get(what, "1"), 0)
    assert not _due(PACES[what] - 1)
    assert _due(PACES[what] + 1)


def test_only_one_process_asks_and_who_waits_for_long_is_overdue(copy: CopySubscription) -> None:
    ids = [copy.account_id]
    _compare(copy, "1", 0)
    assert rounds.take(account_ids=ids, now=_later(1)) == set()
    assert rounds.overdue_by_venue(now=_later(119)) == [(VENUE, 0, 1)]
    assert rounds.overdue_by_venue(now=_later(121)) == [(VENUE, 1, 1)]


def test_a_page_shows_what_lasted(copy: CopySubscription) -> None:
    _compare(copy, "1.5", 0)
    assert comparison_of(account_id=copy.account_id, now=_later(5)).differences == []
    shown = comparison_of(account_id=copy.account_id, now=_later(11))
    assert (shown.compared_at, len(shown.differences)) == (NOW, 1)
    _compare(copy, "1", 6)
    assert comparison_of(account_id=copy.account_id, now=_later(60)).differences == []


def test_both_sides_of_a_symbol_are_taken_for_the_owners_own_at_once(
    copy: CopySubscription,
) -> None:
    price = Decimal(60_000)
    theirs = [
        PositionReport("BTCUSDT", side, D(held), price, None, None)
        for side, held in ((PositionSide.LONG, 2), (PositionSide.SHORT, -3))
    ]
    Position.objects.update(position_side="long", quantity=1)
    for after in (0, 25):
        rounds.compare(account_id=copy.account_id, positions=theirs, now=_later(after))
    own = ExternalPosition.objects.values_list("position_side", "quantity")
    assert dict(own) == {"long": 1, "short": -3}
    assert not rounds.compare(account_id=copy.account_id, positions=theirs, now=_later(50))


def test_who_is_asked_in_time_and_never_answers_is_overdue(copy: CopySubscription) -> None:
    ids = [copy.account_id]
    _compare(copy, "1", 0)
    for after in (60, 120, 180):
        assert rounds.take(account_ids=ids, now=_later(after)) == set(ids)
        rounds.note_failed(account_ids=ids)
    assert rounds.overdue_by_venue(now=_later(119)) == [(VENUE, 0, 1)]
    assert rounds.overdue_by_venue(now=_later(181)) == [(VENUE, 1, 1)]
    shown = comparison_of(account_id=copy.account_id, now=_later(181))
    assert (shown.failures, shown.overdue_since) == (3, _later(60))
    _compare(copy, "1", 182)
    assert comparison_of(account_id=copy.account_id, now=_later(183)).overdue_since is None


def test_an_order_of_a_copy_that_was_stopped_keeps_its_account_in_the_round(
    copy: CopySubscription,
) -> None:
    Position.objects.update(quantity=0)
    CopySubscription.objects.update(status="stopped")
    assert not _due(0)
    an_order(copy.account, copy=copy, status="unknown")
    assert _due(0)


def test_a_fill_found_by_asking_tells_what_was_known_of_its_order_before(
    copy: CopySubscription,
) -> None:
    order = an_order(copy.account, side=Side.SELL, copy=copy)
    fills = [a_fill(order, number, "0.5", side=Side.SELL, after=number) for number in (2, 9)]
    apply_news(told=[Told(copy.account_id, fills[0])], now=NOW)
    Order.objects.filter(pk=order.pk).update(due_at=NOW)
    (due,) = take_due(limit=10, now=NOW)
    told = tuple(each.fill for each in fills)
    found = Found(due, Finding.PLACED, "v1", OrderState.FILLED, order.quantity, told)
    for _ in range(2):
        settle_found(found=[found], now=NOW)
    assert _rows() == [("fill", D("-0.5"), D(-1), "booked", told[1].at, NOW)]
