"""Accounts that leave by proxies: which one, and what happens when it cannot be reached."""

from __future__ import annotations

from dataclasses import replace

from tests.simulators.binance import BinanceSimulator
from tests.simulators.proxy import a_proxy
from tests.venues.conftest import ALICE, OrderMaker
from trading.domain.ports import Outcome
from trading.venues.ccxt_gateway.gateway import CcxtGateway

DEAD = "http://user:secret@127.0.0.1:9"


async def test_an_accounts_requests_leave_by_its_proxy_and_others_do_not(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    async with a_proxy() as proxy:
        placed = await gateway.place(replace(ALICE, egress=(proxy.url,)), order())
        assert placed.outcome is Outcome.CONFIRMED
        assert proxy.targets == [f"{venue.base_url}/fapi/v1/order"]
        await gateway.balance(ALICE)
        assert len(proxy.targets) == 1


async def test_a_proxy_that_cannot_be_reached_is_passed_over_and_then_tried_last(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    async with a_proxy() as proxy:
        session = replace(ALICE, egress=(DEAD, proxy.url))
        results = [await gateway.place(session, order()) for _ in range(2)]
        assert [result.outcome for result in results] == [Outcome.CONFIRMED] * 2
        assert len(proxy.targets) == 2
        assert len(venue.venue.ledger.of("accepted")) == 2


async def test_an_order_whose_proxy_hangs_up_is_unknown_and_goes_by_no_other(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    async with a_proxy() as first, a_proxy() as second:
        first.closed = True
        result = await gateway.place(replace(ALICE, egress=(first.url, second.url)), order())
        assert result.outcome is Outcome.UNKNOWN
        assert second.targets == []


async def test_without_any_proxy_that_answers_nothing_was_sent_and_nothing_goes_directly(
    gateway: CcxtGateway, venue: BinanceSimulator, order: OrderMaker
) -> None:
    result = await gateway.place(replace(ALICE, egress=(DEAD,)), order())
    assert (result.outcome, result.code) == (Outcome.REFUSED, "venue.unreachable")
    assert venue.venue.ledger.of("accepted") == []
    assert "secret" not in repr(replace(ALICE, egress=(DEAD,)))
