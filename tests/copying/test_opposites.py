"""Nothing is opened against what is held: nobody's, not the person's own, and not what is coming.

A venue in one-way mode would net the two, and neither could be closed any more.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest

from mimic.core.thread_connections import in_thread
from signals.models import Direction, Signal
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.copying.fates import filled, partly
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out
from trading.copying.targets.gaps import converge_held, converge_lately
from trading.models import (
    CopyExecution,
    CopySubscription,
    ExchangeAccount,
    ExternalPosition,
    Order,
    Position,
    VirtualPosition,
)

pytestmark = pytest.mark.django_db(transaction=True)
SHARE = Decimal("0.041")


@pytest.fixture
def account() -> ExchangeAccount:
    a_market()
    a_quote()
    return an_account()


def copying(account: ExchangeAccount) -> CopySubscription:
    return a_follower(a_strategy().strategy, account=account)


def said(copy: CopySubscription, direction: Direction, **terms: Any) -> Signal:
    signal = a_signal(copy.strategy, direction=direction, **terms)
    fan_out(signal_id=signal.pk, now=now())
    return signal


def code_of(copy: CopySubscription, signal: Signal) -> str:
    return CopyExecution.objects.get(signal_id=signal.pk, subscription_id=copy.pk).code


def own_of_the_person(account: ExchangeAccount, quantity: str) -> None:
    ExternalPosition.objects.create(
        account=account, symbol="BTCUSDT", position_side="both", quantity=Decimal(quantity),
        entry_price=60_000, updated_at=now(),
    )  # fmt: skip


def test_an_open_that_is_out_keeps_another_copys_opposite_one_away(
    account: ExchangeAccount,
) -> None:
    one, other = copying(account), copying(account)
    assert code_of(one, said(one, Direction.LONG)) == "planned"
    assert code_of(other, said(other, Direction.SHORT)) == "opposite_position"
    third = copying(account)
    assert code_of(third, said(third, Direction.LONG)) == "planned"
    assert send_on_paper() == 2
    assert Position.objects.get().quantity == 2 * SHARE


def test_of_two_strategies_that_turn_opposite_ways_at_once_one_is_copied(
    account: ExchangeAccount,
) -> None:
    one, other = copying(account), copying(account)
    signals = [
        a_signal(copy.strategy, direction=way)
        for copy, way in ((one, Direction.LONG), (other, Direction.SHORT))
    ]
    start = Barrier(2)

    def turn(signal: Signal) -> None:
        start.wait()
        fan_out(signal_id=signal.pk, now=now())

    with ThreadPoolExecutor(2) as both:
        list(both.map(in_thread(turn), signals))
    codes = CopyExecution.objects.values_list("code", flat=True)
    assert sorted(codes) == ["opposite_position", "planned"]


@pytest.mark.parametrize(("held", "direction"), [("-1", Direction.LONG), ("1", Direction.SHORT)])
def test_a_persons_own_position_is_not_traded_away(
    account: ExchangeAccount, held: str, direction: Direction
) -> None:
    own_of_the_person(account, held)
    copy = copying(account)
    assert code_of(copy, said(copy, direction)) == "opposite_position"
    assert not Order.objects.exists()


def test_an_open_waits_for_another_copys_close_that_makes_room_for_it(
    account: ExchangeAccount,
) -> None:
    one, other = copying(account), copying(account)
    said(other, Direction.LONG)
    send_on_paper()
    said(other, Direction.LONG, action="close")
    signal = said(one, Direction.SHORT, valid_until=now() + timedelta(seconds=60))
    assert not CopyExecution.objects.filter(signal_id=signal.pk).exists()
    send_on_paper(closing=True)
    fan_out(signal_id=signal.pk, now=now() + timedelta(seconds=1))
    assert code_of(one, signal) == "planned"


def test_what_nobody_has_explained_yet_counts_where_it_turns_the_position_around(
    account: ExchangeAccount,
) -> None:
    copy = copying(account)
    said(copy, Direction.LONG)
    send_on_paper()
    own_of_the_person(account, "0")
    for unexplained, code in (("-0.041", "planned"), ("-0.1", "opposite_position")):
        ExternalPosition.objects.update(unexplained=Decimal(unexplained))
        other = copying(account)
        assert code_of(other, said(other, Direction.LONG)) == code


def test_in_hedge_mode_others_may_hold_the_other_side_and_the_copy_itself_may_not(
    account: ExchangeAccount,
) -> None:
    ExchangeAccount.objects.update(hedge=True)
    one, other = copying(account), copying(account)
    said(one, Direction.LONG)
    assert code_of(other, said(other, Direction.SHORT)) == "planned"
    assert code_of(one, said(one, Direction.SHORT)) == "opposite_position"
    send_on_paper()
    assert code_of(one, said(one, Direction.SHORT)) == "opposite_position"
    said(one, Direction.LONG, action="close")
    assert send_on_paper(closing=True) == 1
    left = VirtualPosition.objects.values_list("subscription_id", "quantity")
    assert dict(left) == {one.pk: 0, other.pk: -SHARE}


def test_a_close_that_fills_after_all_beside_its_repair_takes_nothing_beyond_the_position(
    account: ExchangeAccount,
) -> None:
    """Both closes filled at the venue: the second one closed what was the other copy's."""
    one, other = copying(account), copying(account)
    for copy in (one, other):
        said(copy, Direction.LONG)
        send_on_paper()
    said(one, Direction.LONG, action="close")
    late = partly("0.001", closing=True)
    at = now() + timedelta(seconds=1)
    converge_lately(at)
    assert send_on_paper(closing=True) == 1
    filled(late, SHARE - Decimal("0.001"), trade="late")
    left = {each.subscription_id: each.quantity for each in VirtualPosition.objects.all()}
    assert left == {one.pk: 0, other.pk: Decimal("0.001")}
    assert Position.objects.get().quantity == Decimal("0.001")
    assert code_of(one, said(one, Direction.LONG)) == "planned"
    send_on_paper()
    said(one, Direction.LONG, action="close")
    assert Order.objects.latest("id").quantity == SHARE
    assert send_on_paper(closing=True) == 1
    said(other, Direction.LONG, action="close")
    send_on_paper(closing=True)
    assert Position.objects.get().quantity == converge_held(at + timedelta(minutes=2)) == 0
