"""Many followers: in chunks, some side by side, as long as the worker holds the lease."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db.models import F

from mimic.ops.metrics import copy_trades
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy, a_venue
from tests.execution.paper import now
from trading.copying.chunks import CHUNK, FIRST_CHUNK, LEASE, SEEN_FOR, signal_terms
from trading.copying.fanout import COME_BACK, fan_out
from trading.domain.decide import SignalTerms
from trading.domain.ports import Side
from trading.execution.transitions import Claimed
from trading.models import (
    AccountBudget,
    CopyExecution,
    CopySettings,
    CopySubscription,
    ExchangeAccount,
    Order,
    SignalFanout,
)

pytestmark = pytest.mark.django_db(transaction=True)


class Desk:
    """A sender with room for all; ``then`` happens after each chunk that it is handed."""

    room = 1_000

    def __init__(self, then: Callable[[], object] = lambda: None, helps: bool = False) -> None:
        self.handed: list[list[Claimed]] = []
        self.wanted: list[tuple[str, int, bool]] = []
        self.helped = 0
        self._then, self._helps = then, helps

    @contextmanager
    def alongside(self, work: Callable[[], None]) -> Iterator[None]:
        self.helped += 1
        if self._helps:
            work()
        yield

    @contextmanager
    def hold(self, route: str, wanted: int, *, closing: bool) -> Iterator[Desk]:
        self.wanted.append((route, wanted, closing))
        yield self

    def send(self, orders: Sequence[Claimed]) -> None:
        self.handed.append(list(orders))
        self._then()


def _crowd(count: int) -> Any:
    """Copies of one strategy, each on an account of its own; written in four statements."""
    a_market()
    a_quote()
    strategy, person, venue = a_strategy().strategy, a_person(), a_venue()
    chosen = CopySettings.objects.create(sizing_mode="equity_pct", sizing_value=Decimal(5))
    accounts = ExchangeAccount.objects.bulk_create(
        ExchangeAccount(
            user=person, venue=venue, kind="paper", route="paper", label=f"Paper {number}",
            paper_deposit=10_000, state="active",
        )
        for number in range(count)
    )  # fmt: skip
    AccountBudget.objects.bulk_create(
        AccountBudget(account=each, equity=10_000, margin_cap=10_000, snapshot_at=now())
        for each in accounts
    )
    CopySubscription.objects.bulk_create(
        CopySubscription(user=person, strategy=strategy, account=each, settings=chosen)
        for each in accounts
    )
    return strategy


def test_the_first_chunk_is_small_and_all_are_handed_over_in_the_fair_order() -> None:
    signal = a_signal(_crowd(FIRST_CHUNK + CHUNK + 2))
    desk = Desk()
    assert fan_out(signal_id=signal.pk, now=now(), sender=desk) == FIRST_CHUNK + CHUNK + 2
    assert [len(chunk) for chunk in desk.handed] == [FIRST_CHUNK, CHUNK, 2]
    assert desk.wanted == [("paper", size, False) for size in (FIRST_CHUNK, CHUNK, 2)]
    ranked = Order.objects.order_by("rank").values_list("pk", flat=True)
    assert [each.order_id for chunk in desk.handed for each in chunk] == list(ranked)
    assert SignalFanout.objects.get().receipts == FIRST_CHUNK + CHUNK + 2


@pytest.mark.parametrize(("count", "helped"), [(FIRST_CHUNK, 0), (FIRST_CHUNK + 1, 1)])
def test_a_second_thread_helps_where_there_is_more_than_one_chunk(count: int, helped: int) -> None:
    signal = a_signal(_crowd(count))
    desk = Desk(helps=True)
    assert fan_out(signal_id=signal.pk, now=now(), sender=desk) == count
    assert (desk.helped, CopyExecution.objects.count()) == (helped, count)


def test_a_worker_that_lost_its_lease_writes_no_further_chunk_and_leaves_the_row_alone() -> None:
    signal = a_signal(_crowd(FIRST_CHUNK + 1))
    theirs = now() + timedelta(seconds=7)
    desk = Desk(lambda: SignalFanout.objects.update(fence=F("fence") + 1, lease_until=theirs))
    assert fan_out(signal_id=signal.pk, now=now(), sender=desk) == FIRST_CHUNK
    row = SignalFanout.objects.get()
    assert (row.done_at, row.lease_until, row.receipts) == (None, theirs, 0)
    assert CopyExecution.objects.count() == FIRST_CHUNK


def test_each_chunk_lengthens_the_lease_and_counts_what_was_written_before() -> None:
    signal = a_signal(_crowd(FIRST_CHUNK + CHUNK + 1))
    seen: list[tuple[int, datetime | None]] = []
    desk = Desk(lambda: seen.append(SignalFanout.objects.values_list("receipts", "lease_until")[0]))
    begun = now()
    fan_out(signal_id=signal.pk, now=begun - timedelta(hours=1), sender=desk)
    assert [receipts for receipts, _ in seen] == [0, FIRST_CHUNK, FIRST_CHUNK + CHUNK]
    assert all(until is not None and begun + LEASE <= until <= now() + LEASE for _, until in seen)


def test_while_thousands_wait_the_market_is_looked_at_again() -> None:
    signal = a_signal(_crowd(FIRST_CHUNK + CHUNK + 1), entry_price=None)
    begun = datetime.now(UTC)
    with time_machine.travel(begun, tick=False) as clock:
        prices, steps = iter(["61000", "62000", "63000"]), iter([SEEN_FOR, SEEN_FOR, SEEN_FOR])

        def later() -> None:
            clock.shift(next(steps) + timedelta(milliseconds=len(desk.handed) - 1))
            a_quote(next(prices), at=begun)

        desk = Desk(later)
        fan_out(signal_id=signal.pk, now=begun, sender=desk)
    asks = CopyExecution.objects.order_by("rank").values_list("inputs__ask", flat=True)
    assert [asks[0], asks[FIRST_CHUNK], asks[FIRST_CHUNK + CHUNK]] == ["60000", "60000", "62000"]


def test_outcomes_are_counted_and_who_cannot_be_decided_for_comes_back() -> None:
    strategy = _crowd(2)
    a_follower(strategy, mode="notify")
    counted = {name: copy_trades.labels(name)._value.get() for name in ("planned", "skipped")}
    signal = a_signal(strategy)
    fan_out(signal_id=signal.pk, now=now())
    for name, more in (("planned", 2), ("skipped", 1)):
        assert copy_trades.labels(name)._value.get() == counted[name] + more
    Order.objects.filter(pk=Order.objects.earliest("pk").pk).update(status="sending")
    close = a_signal(strategy, action="close")
    before = now()
    assert fan_out(signal_id=close.pk, now=before) == 2
    row = SignalFanout.objects.get(pk=close.pk)
    assert row.done_at is None
    assert row.lease_until is not None
    assert before < row.lease_until - COME_BACK < now()


def test_the_signal_as_the_domain_sees_it() -> None:
    at = datetime(2026, 3, 4, tzinfo=UTC)
    signal = a_signal(
        a_strategy().strategy, symbol="ETHUSDT", direction="short", at=at,
        entry_price=Decimal(3000), valid_until=at + timedelta(seconds=9), risk_pct=Decimal(1),
        margin_pct=Decimal(4), quantity=Decimal(7), leverage=6, stop_loss_pct=Decimal(3),
    )  # fmt: skip
    wanted = SignalTerms(
        symbol="ETHUSDT", closing=False, side=Side.SELL, entry_price=Decimal(3000),
        stop_loss_pct=Decimal(3), leverage=6, received_at=at,
        valid_until=at + timedelta(seconds=9), risk_pct=Decimal(1), margin_pct=Decimal(4),
        quantity=Decimal(7), close_pct=Decimal(100),
    )  # fmt: skip
    assert signal_terms(signal) == wanted
    part = a_signal(signal.strategy, action="close", direction="any", close_pct=Decimal(30))
    assert (signal_terms(part).closing, signal_terms(part).side) == (True, None)
    assert signal_terms(part).close_pct == 30
    assert signal_terms(a_signal(signal.strategy)).side is Side.BUY
