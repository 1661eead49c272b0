"""OKX v5: what each refusal of ``POST /api/v5/trade/order`` means.

Source: the venue's page "Error Code" (REST, general, API and trade class), condensed in the
project's wire facts §3. Most refusals come as HTTP 200 with a code inside; what stands in no row
is unknown, because the venue answers in the same manner when it does not know itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from trading.domain.ports import Outcome
from trading.venues.verdicts import Row, VenueError, Verdict, refused, unknown
from trading.venues.wire import Reply

_TOLD = range(200, 500)  # the code is the proof, whatever the status that carries it
_SEE_ITEMS = frozenset({"0", "1", "2"})  # all, none or some went well: each item has its own code


def _rows(code: str, *venue_codes: str, retryable: bool = False, says: str = "") -> tuple[Row, ...]:
    return refused(code, *venue_codes, retryable=retryable, says=says, statuses=_TOLD)


ORDER_ERRORS: tuple[Row, ...] = (
    *unknown("venue.maintenance", "50001"),
    *unknown("venue.status_unknown", "50004", "50013", "50026", "50042", "51054", "51149"),
    # An order with this id exists: ask for it, never make another id.
    *unknown("venue.duplicate_client_id", "50071", "51011", "51016"),
    *_rows("venue.position_mode", "51000", says="Parameter posSide error"),
    *_rows("venue.rate_limited", "50011", "50040", "50061", retryable=True),
    *_rows("venue.clock", "50102", retryable=True),
    *_rows(
        "venue.auth",
        "50007", "50008", "50010", "50012", "50027", "50028", "50029", "50030", "50035", "50041",
        "50059", "50060", "50100", "50101", "50103", "50104", "50105", "50106", "50107", "50108",
        "50109", "50110", "50111", "50112", "50113", "50114", "50119", "50120", "50121", "51009",
        "51024",
    ),
    *_rows("venue.insufficient_margin", "51008", "51127", "51131", "51209", "51211"),
    *unknown("venue.cancelling", "51410"),  # somebody asked before: it is on its way out
    # Of a cancel: it is filled, over, or was never there.
    *_rows("venue.not_open", "51400", "51401", "51402"),
    *_rows("venue.precision", "51121", "51150"),
    *_rows(
        "venue.filter",
        "50122", "51005", "51007", "51020", "51101", "51120", "51185", "51201", "51202", "51203",
    ),
    *_rows("venue.bad_symbol", "51001", "51002", "51012", "51014", "51015", "51026"),
    *_rows(
        "venue.not_trading",
        "50033", "51021", "51022", "51027", "51028", "51029", "51030", "51087", "51110", "51124",
        "51155",
    ),
    *_rows("venue.reduce_only", "51023", "51112", "51148", "51169", "51170", "51205", "51206"),
    *_rows("venue.price_band", "51006", "51031", "51116", "51122", "51137", "51138"),
    *_rows("venue.leverage", "51004", "51105", "51106", "51107", "51186", "51187"),
    *_rows("venue.order_limit", "51025", "51102", "51103", "51104", "51174"),
    *_rows("venue.liquidating", "50009", "50017", "50019", "50020", "50022", "51032"),
    *_rows("venue.account_mode", "50072", "51010", "51041"),
    *_rows(
        "venue.malformed",
        "50000", "50002", "50006", "50014", "50015", "50016", "50024", "50025", "50115", "51000",
        "51003", "51204",
    ),
    Row(Verdict(Outcome.UNKNOWN, "venue.no_proof")),
)  # fmt: skip


def read_error(reply: Reply) -> VenueError:
    """Code and message of the envelope, or of the first item that failed."""
    told = reply.json
    if not isinstance(told, Mapping):
        return VenueError("", reply.body.strip())
    code, message = str(told.get("code", "")), told.get("msg", "")
    if code in _SEE_ITEMS:
        for item in _items(told.get("data")):
            if (failed := str(item.get("sCode", "0"))) != "0":
                code, message = failed, item.get("sMsg", "")
                break
    code = code.partition("_")[0]  # a sub-code after it names the circumstances
    numeric = code.isdecimal() and int(code) != 0
    return VenueError(code if numeric else "", " ".join(str(message).split()))


def _items(data: Any) -> Iterable[Mapping[str, Any]]:
    return (item for item in data if isinstance(item, Mapping)) if isinstance(data, list) else ()
