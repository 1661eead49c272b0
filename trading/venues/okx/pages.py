"""OKX's lists, whole: newest first, a hundred rows a page, the next page ``after`` the last row."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from trading.venues.listing import Listing

LENGTH = 100
_RECENT_MS = 2 * 24 * 3_600_000  # the quick endpoint keeps three days; the slow one three months


def rows(answer: Any) -> list[Any]:
    """The rows of a clean answer. Raises TypeError or KeyError for anything else."""
    if answer["code"] != "0" or not isinstance(answer["data"], list):
        raise TypeError("not a list of rows")
    return list(answer["data"])


async def open_client_ids(client: Any, listing: Listing) -> frozenset[str]:
    """Orders made by hand have no client id; ours always have one."""
    return frozenset(row["clOrdId"] for row in await pending(client, listing) if row["clOrdId"])


async def pending(client: Any, listing: Listing) -> list[Mapping[str, Any]]:
    """Every open order of the instrument."""
    wanted = {"instType": "SWAP", "instId": listing.spec.venue_symbol}
    return await every(client.privateGetTradeOrdersPending, wanted, "ordId")


async def waiting(client: Any) -> list[Mapping[str, Any]]:
    """Every stop and target that waits for its price; these two kinds may be asked for at once."""
    wanted = {"ordType": "conditional,oco", "instType": "SWAP"}
    return await every(client.privateGetTradeOrdersAlgoPending, wanted, "algoId")


async def trades(client: Any, listing: Listing, since_ms: int) -> list[Mapping[str, Any]]:
    """ccxt's trades since then (venue milliseconds), oldest first, each once."""
    recent = since_ms > client.nonce() - _RECENT_MS
    ask = client.privateGetTradeFills if recent else client.privateGetTradeFillsHistory
    wanted = {"instType": "SWAP", "instId": listing.spec.venue_symbol, "begin": str(since_ms)}
    market = client.market(listing.unified)
    found = await every(ask, wanted, "billId")
    return [client.parse_trade(row, market) for row in reversed(found)]


async def every(
    ask: Callable[[dict[str, str]], Awaitable[Any]], wanted: Mapping[str, str], key: str
) -> list[Mapping[str, Any]]:
    """Every row once. What appears meanwhile is newer than the pages still to come."""
    found: dict[str, Mapping[str, Any]] = {}
    after: dict[str, str] = {}
    while True:
        page = rows(await ask({**wanted, "limit": str(LENGTH), **after}))
        found.update((row[key], row) for row in page)
        if len(page) < LENGTH:
            return list(found.values())
        if after.get("after") == page[-1][key]:
            raise ValueError("the same page again")
        after = {"after": page[-1][key]}
