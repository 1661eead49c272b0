"""Real stream processes, killed and stalled while they listen."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from tests.cast import VENUE, a_follower, a_market, a_quote, a_strategy, an_account
from tests.execution.news_cast import an_order, our_id
from tests.execution.test_processes import Start, start
from tests.simulators.binance import BinanceSimulator
from trading.domain.ports import AccountSession, Credentials, OrderRequest, Side
from trading.models import AccountStream, CopySubscription, Fill, Order, Position
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.registry import VENUES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
__all__ = ["start"]
KEYS = Credentials("key-0", "secret-0")
Stream = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def venue() -> Iterator[BinanceSimulator]:
    listed = [{"api_key": KEYS.api_key, "secret": KEYS.secret, "name": "f0"}]
    with BinanceSimulator(accounts=listed).run_in_thread() as simulator:
        yield simulator


@pytest.fixture
def stream(start: Start, venue: BinanceSimulator) -> Stream:
    """Starts a stream process that finds the venue here."""
    return partial(
        start, "manage.py", "stream", MIMIC_VENUE_URLS=json.dumps({VENUE: venue.base_url})
    )


def _until(is_so: Callable[[], bool], what: str, seconds: float = 120.0) -> None:
    limit = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < limit, f"waited in vain for {what}: {_stream()}"
        time.sleep(0.1)


def _stream() -> object:
    return AccountStream.objects.values().first()


def _copy() -> CopySubscription:
    a_market()
    a_quote()
    return a_follower(a_strategy().strategy, account=an_account(keys=KEYS))


def _place(copy: CopySubscription, venue: BinanceSimulator) -> Order:
    """An order of ours, answered to nobody."""
    order = an_order(copy.account, copy=copy, quantity="0.010")

    async def place() -> None:
        gateway = CcxtGateway(VENUES[VENUE], venue.base_url)
        session = AccountSession(copy.account_id, VENUE, KEYS)
        request = OrderRequest(our_id(order), "BTCUSDT", Side.BUY, Decimal("0.010"))
        await gateway.place(session, request)
        await gateway.close()

    asyncio.run(place())
    return order


def _live(fence: int) -> Callable[[], bool]:
    return AccountStream.objects.filter(state="live", fence=fence).exists


def _lease_runs_out() -> None:
    AccountStream.objects.update(lease_until=datetime.now(UTC) - timedelta(seconds=1))


def _filled(order: Order) -> Callable[[], bool]:
    return Order.objects.filter(pk=order.pk, status="filled").exists


def test_what_a_killed_listener_missed_is_found_by_the_next(
    stream: Stream, venue: BinanceSimulator
) -> None:
    copy = _copy()
    first = stream()
    _until(_live(1), "the first listener")
    heard = _place(copy, venue)
    _until(_filled(heard), "the fill that was heard")
    first.send_signal(signal.SIGKILL)
    first.wait()
    missed = [_place(copy, venue) for _ in range(3)]
    _lease_runs_out()
    stream()
    _until(_live(2), "the second listener")
    for order in missed:
        _until(_filled(order), "a fill that was missed")
    assert Fill.objects.count() == len(venue.venue.ledger.of("fill")) == 4
    assert Position.objects.get().quantity == Decimal("0.040")


def test_a_stalled_listener_that_wakes_late_writes_nothing_twice_and_lets_go(
    stream: Stream, venue: BinanceSimulator
) -> None:
    copy = _copy()
    stalled = stream()
    _until(_live(1), "the first listener")
    stalled.send_signal(signal.SIGSTOP)
    order = _place(copy, venue)
    _lease_runs_out()
    stream()
    _until(_live(2), "the second listener")
    _until(_filled(order), "the fill")
    stalled.send_signal(signal.SIGCONT)
    again = _place(copy, venue)
    _until(_filled(again), "a fill that both could hear")
    time.sleep(6)  # a tick of the one that woke
    row = AccountStream.objects.get()
    assert (row.state, row.fence) == ("live", 2)
    assert Fill.objects.count() == len(venue.venue.ledger.of("fill")) == 2
    assert Position.objects.get().quantity == Decimal("0.020")


def test_a_listener_that_is_asked_to_stop_leaves_its_accounts_to_others(
    stream: Stream, venue: BinanceSimulator
) -> None:
    _copy()
    first = stream()
    _until(_live(1), "the listener")
    first.send_signal(signal.SIGTERM)
    first.wait(20)
    row = AccountStream.objects.get()
    assert (row.lease_until, row.owner, row.state) == (None, "", "broken")
    assert row.missed_from == row.alive_at
