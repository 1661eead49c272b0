"""Coinbase's lists, whole: newest first, a cursor leads to what is older, an empty one ends them.

The reference ("List Orders", "List Fills") names no order of the rows; newest first is what
published answers show, and nothing here depends on it but how soon an order is found.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

LENGTH = 100
MOST = 200  # pages; a list that goes on after them was not read whole
_FILL = "FILL"
_OPEN: Mapping[str, str] = {"order_status": "OPEN"}
_ALL: tuple[Mapping[str, str], ...] = ({}, _OPEN)

Ask = Callable[[dict[str, Any]], Awaitable[Any]]
Row = Mapping[str, Any]


async def find(client: Any, product: str, client_id: str) -> Row | None:
    """The order of this id among all of the instrument: the venue has no other question for it.

    None only when every page was read, and then those of the open ones: the reference does not say
    that a list without a state has them too. Raises ValueError when there are too many.
    """
    ask = client.v3PrivateGetBrokerageOrdersHistoricalBatch
    for state in _ALL:
        async for row in _rows(ask, "orders", product, **state):
            if row["client_order_id"] == client_id:
                return row
    return None


async def open_client_ids(client: Any, product: str) -> frozenset[str]:
    rows = await open_orders(client, product)
    return frozenset(row["client_order_id"] for row in rows if row["client_order_id"])


async def trades(client: Any, market: Row, since_ms: int) -> list[Row]:
    """ccxt's trades in its ``market`` since then (venue milliseconds), oldest first, each once.

    Raises ValueError for a row that takes a fill back or mends it: no book of ours can follow it.
    """
    since = datetime.fromtimestamp(since_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    found = await fills(client, market["id"], start_sequence_timestamp=since)
    parsed: list[Row] = [client.parse_trade(row, market) for row in found]
    return sorted(parsed, key=lambda trade: int(trade["timestamp"]))


async def open_orders(client: Any, product: str) -> list[Row]:
    ask = client.v3PrivateGetBrokerageOrdersHistoricalBatch
    return [row async for row in _rows(ask, "orders", product, **_OPEN)]


async def fills(client: Any, product: str, **wanted: Any) -> list[Row]:
    """The venue's rows, oldest first, each once. Raises as :func:`trades` does."""
    ask = client.v3PrivateGetBrokerageOrdersHistoricalFills
    found: dict[str, Row] = {}
    async for row in _rows(ask, "fills", product, **wanted):
        if row["trade_type"] != _FILL or row["size_in_quote"]:
            raise ValueError(f"not a plain fill: {row['trade_type']}")
        found[row["trade_id"]] = row
    return list(reversed(found.values()))


async def _rows(ask: Ask, name: str, product: str, **wanted: Any) -> AsyncIterator[Row]:
    """Raises KeyError or TypeError for what is no list, ValueError for one without an end."""
    asked = {"product_ids": [product], "limit": str(LENGTH), **wanted}
    cursor: str = ""
    for _ in range(MOST):
        answer = await ask({**asked, "cursor": cursor} if cursor else asked)
        page, before, cursor = answer[name], cursor, answer["cursor"]
        if not isinstance(page, list):
            raise TypeError("not a list of rows")
        for row in page:
            yield row
        if not cursor:
            return
        if cursor == before or not page:
            raise ValueError("the same page again")
    raise ValueError("too many pages")
