"""An account's lists, whole: by the dialect's own pages, or by ccxt's and then counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trading.venues.ccxt_gateway.answers import UnusableAnswer
from trading.venues.dialect import Dialect, PagingDialect
from trading.venues.listing import Listing
from trading.venues.wire import current_call


async def open_client_ids(dialect: Dialect, client: Any, listing: Listing) -> frozenset[str]:
    """Of the open orders. Raises :class:`UnusableAnswer` where one has none."""
    if isinstance(dialect, PagingDialect):
        return await dialect.open_client_ids(client, listing)
    orders = await client.fetch_open_orders(listing.unified)
    _check_complete(dialect, orders)
    if not all(order["clientOrderId"] for order in orders):
        raise UnusableAnswer("an open order without a client id")
    return frozenset(order["clientOrderId"] for order in orders)


async def trades(dialect: Dialect, client: Any, listing: Listing, start: int) -> list[Any]:
    """ccxt's, from ``start`` (venue milliseconds) until the venue's now, oldest first."""
    if isinstance(dialect, PagingDialect):
        return await dialect.trades(client, listing, start)
    window = int(dialect.trades_window.total_seconds() * 1000)
    found: dict[str, Any] = {}
    while start <= client.nonce():
        page = await client.fetch_my_trades(listing.unified, start, dialect.trades_page)
        _check_complete(dialect, page)
        found.update((trade["id"], trade) for trade in page)
        if len(page) < dialect.trades_page:
            start += window
        elif (last := int(page[-1]["timestamp"])) > start:
            start = last
        else:
            raise UnusableAnswer("one millisecond fills a whole page of trades")
    return list(found.values())


def _check_complete(dialect: Dialect, parsed: Sequence[Any]) -> None:
    """ccxt reads an error object as an empty list, and "nothing open" must not come of it."""
    reply = current_call.get().reply
    if reply is None or len(dialect.rows(reply.json)) != len(parsed):
        raise UnusableAnswer("a list that is none, or not all of it was understood")
