"""OKX through the real gateway: which outcome each fault on the wire has, and each refusal."""

from __future__ import annotations

import pytest

from tests.simulators.okx import OkxSimulator
from tests.venues.conftest import OrderMaker
from tests.venues.okx_cast import ALICE, inject, item
from trading.domain.ports import Outcome
from trading.venues.ccxt_gateway.gateway import CcxtGateway


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (429, {"code": "50011", "msg": "Too Many Requests", "data": []}, "venue.rate_limited"),
        (200, item(sCode="50061", sMsg="order rate"), "venue.rate_limited"),
        (401, {"code": "50102", "msg": "Timestamp request expired.", "data": []}, "venue.clock"),
    ],
)
async def test_a_proven_refusal_that_passes_may_be_sent_again(
    okx_gateway: CcxtGateway,
    okx: OkxSimulator,
    order: OrderMaker,
    status: int,
    body: object,
    code: str,
) -> None:
    inject(okx, action="status", status=status, body=body)
    request = order()
    result = await okx_gateway.place(ALICE, request)
    assert (result.outcome, result.code, result.retryable) == (Outcome.REFUSED, code, True)
    assert (await okx_gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED
