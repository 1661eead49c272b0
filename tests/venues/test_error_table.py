"""The Binance error table, row by row, and what no row names."""

from __future__ import annotations

import json
from itertools import product

import pytest

from trading.domain.ports import Credentials, Outcome, SendResult
from trading.venues.binance.dialect import BinanceLinear
from trading.venues.ccxt_gateway.answers import failed_send
from trading.venues.wire import Call, Reply, WireFault

KEYS = Credentials("the-key", "the-secret", "the-passphrase")

# (outcome, our code, may the same attempt go again) by HTTP status and venue codes.
# Written from facts/wire-facts.md §1.8, not from the table under test.
UNKNOWN, REFUSED = Outcome.UNKNOWN, Outcome.REFUSED
MEANINGS = [
    (UNKNOWN, "venue.status_unknown", False, 400, [-1000, -1006]),
    (UNKNOWN, "venue.status_unknown", False, 503, [-1000]),
    (UNKNOWN, "venue.status_unknown", False, 408, [-1007]),
    (UNKNOWN, "venue.duplicate_client_id", False, 400, [-4116]),
    (REFUSED, "venue.unavailable", True, 503, [-1001, -1008]),
    (REFUSED, "venue.rate_limited", True, 429, [-1003, -1015]),
    (REFUSED, "venue.rate_limited", True, 400, [-1003, -1015]),
    (REFUSED, "venue.banned", True, 418, [-1003]),
    (REFUSED, "venue.clock", True, 400, [-1021, -5028]),
    (REFUSED, "venue.auth", False, 401, [-1002, -1022, -1109, -2014, -2015, -2017]),
    (REFUSED, "venue.insufficient_margin", False, 400, [-2018, -2019]),
    (REFUSED, "venue.min_notional", False, 400, [-4164]),
    (REFUSED, "venue.precision", False, 400, [-1111, -4014, -4023]),
    (REFUSED, "venue.bad_symbol", False, 400, [-1121, -4141]),
    (REFUSED, "venue.reduce_only", False, 400, [-2022, -4062, -4118]),
    (REFUSED, "venue.position_mode", False, 400, [-4061]),
    (REFUSED, "venue.filter", False, 400, [-1013, -4001, -4002, -4003, -4004, -4005, -4013]),
    (REFUSED, "venue.price_band", False, 400, [-4016, -4024, -4131]),
    (REFUSED, "venue.leverage", False, 400, [-2027, -2028, -4028, -4161]),
    (REFUSED, "venue.order_limit", False, 400, [-2025]),
    (REFUSED, "venue.liquidating", False, 400, [-2023]),
    (REFUSED, "venue.would_trigger", False, 400, [-2021]),
    (REFUSED, "venue.conditional_endpoint", False, 400, [-4120]),
    (REFUSED, "venue.not_fillable", False, 400, [-5021, -5022]),
    (REFUSED, "venue.cooling_off", False, 400, [-4192]),
    (REFUSED, "venue.close_only", False, 400, [-4087, -4088, -4105, -4106, -4107, -4189]),
    (REFUSED, "venue.close_only", False, 400, [-4400, -4401]),
    (REFUSED, "venue.malformed", False, 400, [-1100, -1101, -1102, -1103, -1104, -1105, -1106]),
    (REFUSED, "venue.malformed", False, 400, [-1108, -1115, -1116, -1117, -1128, -1130, -4015]),
    (REFUSED, "venue.not_open", False, 400, [-2011]),
    (REFUSED, "venue.refused", False, 400, [-2010]),
]
EXPECTED = [
    (code, status, outcome, ours, again)
    for outcome, ours, again, status, codes in MEANINGS
    for code in codes
]


def answered(status: int, body: str, **headers: str) -> SendResult:
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    call = Call(sent=True, reply=Reply(status, named, body, parsed))
    return failed_send(call, BinanceLinear(), KEYS, WireFault())


def refusal(code: object, message: str = "") -> str:
    return json.dumps({"code": code, "msg": message})


@pytest.mark.parametrize(("code", "status", "outcome", "ours", "again"), EXPECTED)
def test_each_documented_refusal_has_its_meaning(
    code: int, status: int, outcome: Outcome, ours: str, again: bool
) -> None:
    result = answered(status, refusal(code, "the venue's words"))
    assert (result.outcome, result.code, result.retryable) == (outcome, ours, again)
    assert result.venue_code == str(code)
    assert result.message == "the venue's words"


def test_every_row_of_the_table_is_expected_here() -> None:
    rows = {row.code for row in BinanceLinear().errors if row.code}
    assert rows == {str(line[0]) for line in EXPECTED}


def test_a_refusals_code_proves_nothing_outside_the_statuses_it_is_documented_with() -> None:
    refusals = {code for code, _, outcome, _, _ in EXPECTED if outcome is REFUSED}
    for code, status in product(refusals - {-1001, -1008}, (200, 302, 500, 502, 503)):
        assert answered(status, refusal(code)).outcome is UNKNOWN, (code, status)


def test_reduce_only_in_hedge_mode_is_told_from_other_malformed_requests() -> None:
    text = "Parameter 'reduceonly' sent when not required."
    assert answered(400, refusal(-1106, text)).code == "venue.position_mode"


def test_only_the_venues_own_words_make_a_503_a_refusal() -> None:
    for body in (refusal(0, "Service Unavailable."), "Service Unavailable."):
        result = answered(503, body)
        assert (result.outcome, result.retryable) == (Outcome.REFUSED, True)
    page = "<html><title>503 Service Unavailable.</title></html>"
    for body in (page, "", refusal(0, "Service Unavailable"), refusal(-9999, "what?")):
        assert answered(503, body).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("status", [429, 418])
@pytest.mark.parametrize("body", ["", "<html>slow down</html>", refusal(-1003)])
def test_a_rate_limit_is_a_refusal_with_its_wait(status: int, body: str) -> None:
    result = answered(status, body, Retry_After="7")
    assert (result.outcome, result.retryable) == (Outcome.REFUSED, True)
    assert result.retry_after == 7.0


def test_an_undocumented_code_is_refused_only_with_a_4xx() -> None:
    for status in (400, 401, 403, 404, 409, 422):
        result = answered(status, refusal(-98765, "new rule"))
        assert (result.outcome, result.code) == (Outcome.REFUSED, "venue.refused")
        assert not result.retryable
    for status in (200, 201, 301, 302, 307, 408, 500, 502, 503, 504):
        assert answered(status, refusal(-98765)).outcome is Outcome.UNKNOWN


def test_nothing_without_a_numeric_code_proves_a_refusal() -> None:
    bodies = (
        "",
        "<html>",
        "[]",
        "{}",
        "null",
        refusal(0),
        refusal("abc"),
        refusal(None),
        refusal(""),
    )
    for status, body in product((200, 302, 400, 403, 404, 408, 500, 502, 504), bodies):
        assert answered(status, body).outcome is Outcome.UNKNOWN, (status, body)


def test_a_message_never_echoes_keys_and_stays_short() -> None:
    text = "bad key the-key with the-secret and the-passphrase " + "x" * 500
    message = answered(400, refusal(-1102, text)).message
    assert "the-" not in message
    assert len(message) <= 200
