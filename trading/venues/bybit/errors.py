"""Bybit v5: what each refusal of ``POST /v5/order/create`` means.

Source: the venue's page "Error Codes" (HTTP codes and UTA), condensed in the project's wire facts
§2. Refusals come as HTTP 200 with a ``retCode``; what stands in no row is unknown, because the
venue answers in the same manner when it does not know itself. The texts of 10001 are in no
document: they are quoted from answers that people published.
"""

from __future__ import annotations

from collections.abc import Mapping

from trading.domain.ports import Outcome
from trading.venues.verdicts import Row, VenueError, Verdict, refused, unknown
from trading.venues.wire import Reply

_TOLD = range(200, 500)  # the code is the proof, whatever the status that carries it
_RATE_LIMITED = Verdict(Outcome.REFUSED, "venue.rate_limited", retryable=True)
_BANNED = Verdict(Outcome.REFUSED, "venue.banned", retryable=True)


def _rows(code: str, *venue_codes: str, retryable: bool = False, says: str = "") -> tuple[Row, ...]:
    return refused(code, *venue_codes, retryable=retryable, says=says, statuses=_TOLD)


ORDER_ERRORS: tuple[Row, ...] = (
    # 429 as a code is the trading service under load: it may have taken the order before.
    *unknown("venue.status_unknown", "429", "10000", "10016", "110079", "170007", "170146"),
    # An order with this id exists: ask for it, never make another id.
    *unknown("venue.duplicate_client_id", "10014", "110030", "110072", "170141"),
    *_rows("venue.rate_limited", "10006", "10429", "170005", "170222", retryable=True),
    *_rows("venue.clock", "10002", retryable=True),
    *_rows("venue.position_mode", "10001", says="position idx not match position mode"),
    *_rows("venue.precision", "10001", says="Qty invalid"),
    *_rows("venue.bad_symbol", "10001", says="Not supported symbols"),
    *_rows("venue.filter", "10001", says="The number of contracts exceeds maximum limit allowed"),
    *_rows("venue.filter", "10001", says="The number of contracts exceeds minimum limit allowed"),
    *_rows(
        "venue.auth",
        "-2015", "10003", "10004", "10005", "10007", "10008", "10009", "10010", "10024", "10027",
        "33004", "110018", "110123", "110125", "110132",
    ),
    *_rows(
        "venue.insufficient_margin",
        "110004", "110006", "110007", "110012", "110014", "110044", "110045", "110051", "110052",
        "110053", "170131",
    ),
    *_rows("venue.min_notional", "110094", "170140"),
    *_rows("venue.precision", "170134", "170137", "170148"),
    *_rows("venue.filter", "170124", "170135", "170136"),
    *_rows("venue.bad_symbol", "10029", "110037", "170121"),
    *_rows("venue.not_trading", "110063", "110066", "110074", "110095", "110098", "110103"),
    *_rows("venue.reduce_only", "110017", "110034"),
    *_rows(
        "venue.price_band",
        "30208", "30209", "110003", "110120", "110121", "170132", "170133", "170192", "170193",
        "170194",
    ),
    *_rows("venue.leverage", "110013", "110021", "110086", "110089", "110090"),
    *_rows("venue.order_limit", "110009", "110020"),
    *_rows("venue.liquidating", "110005", "110011", "110035", "110039", "110040", "110080"),
    *_rows("venue.close_only", "30228", "110022", "110023", "110042"),
    *_rows("venue.would_trigger", "110092", "110093"),
    *_rows("venue.not_fillable", "110118"),
    # Of a cancel: it is filled, over, or was never there.
    *_rows("venue.not_open", "110001", "110008", "110010"),
    *_rows("venue.cooling_off", "110124"),
    *_rows("venue.account_mode", "10028", "100028", "110067", "110068", "110069", "110088"),
    *_rows(
        "venue.malformed",
        "10001", "10017", "110019", "110032", "110057", "170105", "170115", "170116", "170117",
        "170130",
    ),
    # Counted in front of the API, so that no order was looked at.
    Row(_RATE_LIMITED, statuses=range(429, 430)),
    Row(_BANNED, statuses=range(403, 404), says="access too frequent"),
    Row(Verdict(Outcome.UNKNOWN, "venue.no_proof")),
)  # fmt: skip


def read_error(reply: Reply) -> VenueError:
    """Code and message of the envelope; a body that is not JSON is its own message.

    After ``too large`` come figures in the engine's own scale, which mislead whoever reads them.
    """
    if not isinstance(reply.json, Mapping):
        return VenueError("", reply.body.strip())
    code = str(reply.json.get("retCode", ""))
    numeric = code.lstrip("-").isdecimal() and int(code) != 0
    message = str(reply.json.get("retMsg", "")).partition(": too large")[0]
    return VenueError(code if numeric else "", " ".join(message.split()))
