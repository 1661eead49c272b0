"""Which books are read, in which order; and that an older book never replaces a newer one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.cast import VENUE, a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import send_on_paper
from trading.copying.fanout import fan_out
from trading.domain.ports import Depth
from trading.market.followed import MAJORS, followed_symbols
from trading.market.refresh import store_depths
from trading.market.selectors import market_view
from trading.models import CopySubscription

pytestmark = pytest.mark.django_db(transaction=True)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def copy() -> CopySubscription:
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
        a_market(symbol)
        a_quote(symbol=symbol)
    return a_follower(a_strategy().strategy)


def _followed(limit: int = 20, venue: str = VENUE, ahead: timedelta = timedelta(0)) -> list[str]:
    return followed_symbols(venue=venue, now=now() + ahead, limit=limit)


def _depth(asks: str, at: datetime) -> Depth:
    return Depth(Decimal(1), Decimal(asks), at)


def test_what_a_copied_strategy_traded_lately_is_followed(copy: CopySubscription) -> None:
    a_market("XRPUSDT")
    a_quote(symbol="XRPUSDT")
    assert _followed() == [*MAJORS]
    a_signal(copy.strategy, symbol="SOLUSDT")
    a_signal(a_strategy().strategy, symbol="XRPUSDT")  # nobody copies it
    assert _followed() == [*MAJORS, "SOLUSDT"]
    assert _followed(ahead=timedelta(days=8)) == [*MAJORS]
    CopySubscription.objects.update(status="stopped")
    assert _followed() == []


def test_what_is_held_is_followed_however_long_ago_it_was_signalled(
    copy: CopySubscription,
) -> None:
    signal = a_signal(copy.strategy, symbol="SOLUSDT")
    fan_out(signal_id=signal.pk, now=now())
    send_on_paper()
    assert _followed(ahead=timedelta(days=8)) == [*MAJORS, "SOLUSDT"]


def test_a_venues_own_copies_decide_what_is_followed_there(copy: CopySubscription) -> None:
    a_market("ETHUSDT", venue="okx")
    a_quote(symbol="ETHUSDT", venue="okx")
    a_signal(copy.strategy, symbol="ETHUSDT")
    assert _followed(venue="okx") == []
    a_follower(copy.strategy, account=an_account(venue="okx"))
    assert _followed(venue="okx") == ["ETHUSDT"]


def test_the_oldest_books_come_first_and_no_more_than_there_is_room_for(
    copy: CopySubscription,
) -> None:
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
        a_signal(copy.strategy, symbol=symbol)
    later, sooner = now(), now() - timedelta(seconds=5)
    store_depths(
        venue=VENUE, depths={"BTCUSDT": _depth("1", later), "ETHUSDT": _depth("1", sooner)}
    )
    assert _followed() == ["SOLUSDT", "ETHUSDT", "BTCUSDT"]
    assert _followed(limit=2) == ["SOLUSDT", "ETHUSDT"]


def test_an_older_book_changes_nothing_and_a_quote_leaves_the_book_alone(
    copy: CopySubscription,
) -> None:
    taken = now()
    assert store_depths(venue=VENUE, depths={"BTCUSDT": _depth("2", taken)}) == 1
    stale = _depth("9", taken - timedelta(seconds=1))
    assert store_depths(venue=VENUE, depths={"BTCUSDT": stale, "NOPEUSDT": stale}) == 0
    a_quote("61000")
    quote = market_view(symbol="BTCUSDT").quotes[VENUE]
    assert (quote.bid, quote.depth) == (Decimal(61_000), _depth("2", taken))
