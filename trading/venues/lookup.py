"""Asking a venue about an order by our own id for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trading.venues.verdicts import CLIENT_ERRORS, VenueError
from trading.venues.wire import Reply, current_call

_TELLING = (*range(200, 300), *CLIENT_ERRORS)


def says_absent(reply: Reply | None, error: VenueError, absent_codes: frozenset[str]) -> bool:
    """Whether the answer is a plain "no such order"; some venues say it inside an HTTP 200."""
    if reply is None or reply.status not in _TELLING:
        return False
    return error.code in absent_codes


async def fetch_by_client_id(
    dialect: Any, client: Any, unified: str, client_id: str, **parameters: str
) -> Mapping[str, Any] | None:
    """ccxt's order, or None when the venue plainly has none by that id. Raises what ccxt raises.

    ``parameters`` are the venue's own words for the id where ccxt needs them.
    """
    try:
        found: Mapping[str, Any] = await client.fetch_order(
            "", unified, parameters or {"clientOrderId": client_id}
        )
    except Exception:
        reply = current_call.get().reply
        if reply and says_absent(reply, dialect.read_error(reply), dialect.absent_codes):
            return None
        raise
    return found
