"""Upbit: what each refusal of an order means.

Source: the reference's page rest-api-guide and the notice orderbook-instruments. Refusals come as
4xx with a name. The name for an identifier that was used before is in no document: like every
other unlisted one it leaves the order unknown, which is asked about.
"""

from __future__ import annotations

from collections.abc import Mapping

from trading.domain.ports import Outcome
from trading.venues.verdicts import Row, VenueError, Verdict, refused
from trading.venues.wire import Reply

_RATE_LIMITED = Verdict(Outcome.REFUSED, "venue.rate_limited", retryable=True)
_BANNED = Verdict(Outcome.REFUSED, "venue.banned", retryable=True)

ORDER_ERRORS: tuple[Row, ...] = (
    *refused("venue.insufficient_margin", "insufficient_funds_bid", "insufficient_funds_ask"),
    *refused("venue.min_notional", "under_min_total_bid", "under_min_total_ask"),
    *refused("venue.precision", "invalid_price_bid", "invalid_price_ask"),
    *refused("venue.malformed", "create_bid_error", "create_ask_error", "validation_error"),
    *refused(
        "venue.auth",
        "invalid_query_payload", "jwt_verification", "invalid_access_key", "expired_access_key",
        "nonce_used", "no_authorization_token", "no_authorization_ip", "no_authorization_i_p",
        "out_of_scope", "thirdparty_agreement_required",
    ),
    # Of a cancel, where a look-up reads it as absence: it is over, or was never there.
    *refused("venue.not_open", "order_not_found"),
    # Counted in front of the API, so that no order was looked at.
    Row(_RATE_LIMITED, statuses=range(429, 430)),
    Row(_BANNED, statuses=range(418, 419)),
    Row(Verdict(Outcome.UNKNOWN, "venue.no_proof")),
)  # fmt: skip


def read_error(reply: Reply) -> VenueError:
    """The name inside of ``error``; some older ones are numbers. Other JSON has no code."""
    told = reply.json
    if told is None:
        return VenueError("", reply.body.strip())
    error = told.get("error") if isinstance(told, Mapping) else None
    if not isinstance(error, Mapping):
        return VenueError("", "")
    return VenueError(str(error.get("name", "")), " ".join(str(error.get("message", "")).split()))
