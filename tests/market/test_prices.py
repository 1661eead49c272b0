"""Prices over sockets: of instruments that there are, while somebody watches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import redis
from pytest_django import DjangoAssertNumQueries

from mimic.web.hub.wire import SEQUENCE_KEY
from mimic.web.presence import watched_channels
from tests.cast import VENUE, a_market, a_quote
from tests.web.serving import PATIENCE, browser, web_process
from trading.domain.ports import Quote
from trading.market.prices import prices_now, take_quotes
from trading.models import Venue

BTC, ETH = f"prices:{VENUE}:BTCUSDT", f"prices:{VENUE}:ETHUSDT"


@pytest.fixture
def port(transactional_db: None) -> Iterator[int]:
    a_market()
    a_market("ETHUSDT")
    with web_process() as number:
        yield number


def _quotes(mark: str, at: datetime | None = None) -> list[Quote]:
    price, taken = Decimal(mark), at or datetime.now(UTC)
    return [Quote(symbol, price, price, price, taken) for symbol in ("BTCUSDT", "ETHUSDT")]


def _until_watched(*channels: str) -> None:
    until = time.monotonic() + PATIENCE
    while not watched_channels().issuperset(channels) and time.monotonic() < until:
        time.sleep(0.05)


def test_a_stranger_is_told_the_newest_quote_with_its_age_and_then_each_new_one(port: int) -> None:
    taken = datetime.now(UTC) - timedelta(seconds=90)
    a_quote("60000.10", at=taken)
    with browser(port) as page:
        assert page.ask("subscribe", BTC, ETH)["channels"] == [BTC, ETH]
        first = page.news(BTC)
        prices = {"bid": "60000.1", "ask": "60000.1", "mark": "60000.1", "at": taken.isoformat()}
        assert first["type"] == "snapshot"
        assert prices.items() <= first["data"].items()
        assert 90 <= first["data"]["age_seconds"] < 90 + PATIENCE
        assert set(page.news(ETH)["data"].values()) == {None}, "listed, not quoted yet"
        _until_watched(BTC, ETH)
        take_quotes(venue=VENUE, quotes=_quotes("60100"))
        for name in (BTC, ETH):
            tick = page.news(name)
            assert (tick["type"], tick["seq"], tick["data"]["mark"]) == ("tick", 2, "60100")


def test_nothing_is_sent_of_what_nobody_watches_and_a_batch_is_one_message(
    port: int, redis_server: redis.Redis
) -> None:
    def sent() -> int:
        return int(redis_server.get(SEQUENCE_KEY) or 0)

    take_quotes(venue=VENUE, quotes=_quotes("1"))
    assert sent() == 0
    with browser(port) as page:
        page.ask("subscribe", BTC, ETH)
        _until_watched(BTC, ETH)
        take_quotes(venue=VENUE, quotes=_quotes("2"))
        assert sent() == 1


@pytest.mark.parametrize(
    "name",
    [
        "prices:BTCUSDT",
        f"prices:{VENUE}:NOSUCH",
        "prices:nosuch:BTCUSDT",
        f"prices:{VENUE}:",
        "prices::",
    ],
)
def test_what_is_not_traded_is_no_channel_and_refuses_the_whole_request(
    port: int, name: str
) -> None:
    with browser(port) as page:
        answer = page.ask("subscribe", BTC, name)
        assert (answer["op"], answer["code"]) == ("error", "unknown_channel")
        assert page.ask("ping")["op"] == "pong"


@pytest.mark.django_db
def test_fifty_instruments_are_read_in_one_query_and_those_of_closed_venues_not_at_all(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(49):
        a_market(f"A{number}USDT")
    a_market("BTCUSDT", "bybit")
    Venue.objects.filter(pk="bybit").update(enabled=False)
    names = [f"prices:{VENUE}:A{number}USDT" for number in range(49)]
    with django_assert_num_queries(1):
        assert prices_now([*names, "prices:bybit:BTCUSDT"]).keys() == set(names)
