"""Bybit through the real gateway: which outcome each fault on the wire has, and each refusal."""

from __future__ import annotations

import pytest

from tests.simulators.bybit import BybitSimulator
from tests.venues.bybit_cast import ALICE, VENUE, inject, told
from tests.venues.conftest import OrderMaker
from trading.domain.ports import Outcome, VenueUnavailable
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.ccxt_gateway.transport import Pool
from trading.venues.limits import limits_of, reaction


@pytest.mark.parametrize(
    ("status", "body", "code", "seconds"),
    [
        (200, told(10006, "Too many visits."), "venue.rate_limited", 1.0),
        (200, told(10429, "System level frequency protection"), "venue.rate_limited", 2.0),
        (429, "", "venue.rate_limited", 2.0),
        (403, "access too frequent", "venue.banned", 600.0),
        (200, told(10002, "The request time exceeds the time window range."), "venue.clock", None),
    ],
    ids=str,
)
async def test_a_proven_refusal_that_passes_may_be_sent_again_after_a_pause(
    bybit_gateway: CcxtGateway,
    bybit: BybitSimulator,
    order: OrderMaker,
    status: int,
    body: object,
    code: str,
    seconds: float | None,
) -> None:
    inject(bybit, action="status", status=status, body=body)
    request = order()
    result = await bybit_gateway.place(ALICE, request)
    assert (result.outcome, result.code, result.retryable) == (Outcome.REFUSED, code, True)
    pause = reaction(limits_of("bybit"), result.code, result.venue_code)
    assert (pause.seconds if pause else None) == seconds
    assert (await bybit_gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED


async def test_absence_needs_both_lists(bybit: BybitSimulator, order: OrderMaker) -> None:
    """The quick list alone proves nothing: it forgets."""
    made = CcxtGateway(VENUE, bybit.base_url, pool=Pool(total=0.5))
    await made.instruments()
    inject(bybit, endpoint="GET /v5/order/history", action="status", status=503)
    with pytest.raises(VenueUnavailable):
        await made.find_order(ALICE, "BTCUSDT", "neverSent")
    await made.close()
