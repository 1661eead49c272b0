"""OKX through the real gateway: which outcome each fault on the wire has, and each refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.simulators.okx import OkxSimulator
from tests.venues.conftest import OrderMaker
from tests.venues.okx_cast import ALICE, VENUE, hour_ago, inject
from trading.domain.ports import Lookup, OrderState, Outcome, VenueUnavailable
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.ccxt_gateway.transport import Pool


def test_the_error_table_names_a_code_once_and_ends_in_doubt() -> None:
    *rows, last = VENUE.dialect.errors
    assert (last.code, last.verdict.outcome) == ("", Outcome.UNKNOWN)
    plain = [row.code for row in rows if not row.says]
    assert all(plain)
    assert len(plain) == len(set(plain))
    assert not set(plain) & VENUE.dialect.absent_codes


async def test_a_client_id_that_is_live_already_is_unknown_until_asked(
    okx_gateway: CcxtGateway, okx: OkxSimulator, order: OrderMaker
) -> None:
    request = order(price="59000.0")
    assert (await okx_gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED
    again = await okx_gateway.place(ALICE, request)
    assert (again.outcome, again.code) == (Outcome.UNKNOWN, "venue.duplicate_client_id")
    assert again.venue_code == "51016"
    assert len(okx.venue.ledger.of("accepted")) == 1


def item(**more: str) -> dict[str, Any]:
    told = {"ordId": "7", "clOrdId": "other", "sCode": "0", "sMsg": "", **more}
    return {"code": "0", "msg": "", "data": [told]}


UNREADABLE: list[Mapping[str, Any]] = [
    {"action": "rst"},
    {"action": "fin"},
    {"action": "truncate"},
    {"action": "silent"},
    {"action": "redirect"},
    {"action": "garbage200"},
    {"action": "garbage200", "body": ""},
    {"action": "garbage200", "body": "{}"},
    {"action": "garbage200", "body": '{"code":"0","msg":"","data":[]}'},
    {"action": "garbage200", "body": '{"code":"1","msg":"All operations failed","data":[]}'},
    {"action": "garbage200", "body": item()},
    {"action": "garbage200", "body": item(ordId="")},
    {"action": "status", "status": 400, "body": {"code": "50004", "msg": "timeout", "data": []}},
    {"action": "status", "status": 200, "body": item(sCode="50004", sMsg="timeout")},
    {"action": "status", "status": 429, "body": {"code": "50013", "msg": "busy", "data": []}},
    {"action": "status", "status": 500, "body": {"code": "50026", "msg": "error", "data": []}},
    {"action": "status", "status": 500, "body": {"code": "51149", "msg": "late", "data": []}},
    {"action": "status", "status": 503, "body": {"code": "50001", "msg": "later", "data": []}},
    {"action": "status", "status": 400, "body": {"code": "59999", "msg": "new", "data": []}},
    {"action": "status", "status": 200, "body": item(sCode="54321", sMsg="new")},
    {"action": "status", "status": 500, "body": {"code": "51008", "msg": "?", "data": []}},
    {"action": "status", "status": 429, "body": "<html>slow down</html>"},
    {"action": "status", "status": 403, "body": "<html>WAF</html>"},
]


@pytest.mark.parametrize("when", ["before_accept", "after_accept"])
@pytest.mark.parametrize("fault", UNREADABLE, ids=str)
async def test_an_ambiguous_answer_is_unknown_and_asking_tells_the_truth(
    okx_gateway: CcxtGateway,
    okx: OkxSimulator,
    order: OrderMaker,
    fault: Mapping[str, Any],
    when: str,
) -> None:
    inject(okx, when=when, **fault)
    request = order()
    result = await okx_gateway.place(ALICE, request)
    assert (result.outcome, result.retryable) == (Outcome.UNKNOWN, False)
    assert len(okx.venue.ledger.attempts) == 1
    found = await okx_gateway.find_order(ALICE, "BTCUSDT", request.client_id)
    if when == "after_accept":
        assert (found.lookup, found.state) == (Lookup.FOUND, OrderState.FILLED)
    else:
        assert found.lookup is Lookup.ABSENT


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


@pytest.mark.parametrize("skew", [45_000, -45_000])
async def test_a_wrong_clock_is_measured_and_the_same_attempt_then_passes(
    okx_gateway: CcxtGateway, okx: OkxSimulator, order: OrderMaker, skew: int
) -> None:
    okx.command("POST /_sim/inject", {"clock_skew": skew})
    request = order()
    first = await okx_gateway.place(ALICE, request)
    assert (first.outcome, first.code, first.retryable) == (Outcome.REFUSED, "venue.clock", True)
    assert (await okx_gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED


async def test_a_lagging_read_does_not_know_the_order_yet(
    okx_gateway: CcxtGateway, okx: OkxSimulator, order: OrderMaker
) -> None:
    okx.command("POST /_sim/inject", {"read_lag": 60_000})
    request = order()
    assert (await okx_gateway.place(ALICE, request)).outcome is Outcome.CONFIRMED
    early = await okx_gateway.find_order(ALICE, "BTCUSDT", request.client_id)
    assert early.lookup is Lookup.ABSENT
    okx.command("POST /_sim/inject", {"read_lag": 0})
    late = await okx_gateway.find_order(ALICE, "BTCUSDT", request.client_id)
    assert late.lookup is Lookup.FOUND


async def test_a_read_without_clean_success_raises(okx: OkxSimulator) -> None:
    made = CcxtGateway(VENUE, okx.base_url, pool=Pool(total=0.5))
    reads = {
        "GET /api/v5/account/balance": lambda: made.balance(ALICE),
        "GET /api/v5/account/positions": lambda: made.positions(ALICE),
        "GET /api/v5/trade/orders-pending": lambda: made.open_client_ids(ALICE, "BTCUSDT"),
        "GET /api/v5/trade/order": lambda: made.find_order(ALICE, "BTCUSDT", "x1"),
        "GET /api/v5/trade/fills": lambda: made.fills(ALICE, "BTCUSDT", hour_ago()),
        "GET /api/v5/market/tickers": made.quotes,
        "GET /api/v5/public/instruments": made.instruments,
    }
    await made.instruments()
    faults: list[dict[str, Any]] = [
        {"action": "garbage200"},
        {"action": "garbage200", "body": "{}"},
        {"action": "garbage200", "body": "[]"},
        {"action": "garbage200", "body": {"code": "50026", "msg": "System error", "data": []}},
        {"action": "garbage200", "body": {"code": "0", "msg": "", "data": None}},
        {"action": "garbage200", "body": {"code": "0", "msg": "", "data": [{"x": "1"}]}},
        {"action": "status", "status": 503, "body": "busy"},
        {"action": "redirect"},
        {"action": "rst"},
        {"action": "truncate"},
    ]
    for endpoint, read in reads.items():
        for fault in faults:
            inject(okx, endpoint=endpoint, **fault)
            with pytest.raises(VenueUnavailable) as caught:
                await read()
            assert "secret" not in str(caught.value)
            okx.command("DELETE /_sim/inject", {})
    await made.close()
