"""Bybit's lists, whole: newest first, the next page by the cursor that came with the last one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from trading.venues.listing import Listing

Ask = Callable[[dict[str, str]], Awaitable[Any]]

TRADES_WINDOW = timedelta(days=7)  # the widest that one question may span
TRADES_PAGE = 100
TRADES = frozenset({"Trade", "AdlTrade", "BustTrade"})
"""Executions that move a position; funding and settlement are told beside them."""
ORDERS_PAGE = 50
POSITIONS_PAGE = 200


def rows(answer: Any) -> list[Any]:
    """The rows of a clean answer. Raises TypeError or KeyError for anything else."""
    found = answer["result"]["list"]
    if str(answer["retCode"]) != "0" or not isinstance(found, list):
        raise TypeError("not a list of rows")
    return list(found)


async def whole(ask: Ask, wanted: Mapping[str, str], length: int) -> list[Mapping[str, Any]]:
    """Every row of every page of linear contracts, newest first."""
    return await every_page(ask, {"category": "linear", **wanted}, length)


async def every_page(ask: Ask, wanted: Mapping[str, str], length: int) -> list[Mapping[str, Any]]:
    """Every row, newest first, as far as the cursors lead."""
    found: list[Mapping[str, Any]] = []
    cursors: set[str] = set()
    cursor: dict[str, str] = {}
    while True:
        answer = await ask({**wanted, "limit": str(length), **cursor})
        page, following = rows(answer), str(answer["result"].get("nextPageCursor") or "")
        found += page
        if not page or not following:
            return found
        if following in cursors:
            raise ValueError("the same page again")
        cursors.add(following)
        cursor = {"cursor": following}


async def open_client_ids(client: Any, listing: Listing) -> frozenset[str]:
    """Orders made by hand have no client id; ours always have one."""
    wanted = {"symbol": listing.spec.venue_symbol, "openOnly": "0"}
    found = await whole(client.privateGetV5OrderRealtime, wanted, ORDERS_PAGE)
    return frozenset(row["orderLinkId"] for row in found if row["orderLinkId"])


async def trades(client: Any, listing: Listing, since_ms: int) -> list[Mapping[str, Any]]:
    """ccxt's trades since then (venue milliseconds), oldest first, each once."""
    found: dict[str, Mapping[str, Any]] = {}
    market = client.market(listing.unified)
    for begin, end in windows(since_ms, client.nonce()):
        wanted = {
            "symbol": listing.spec.venue_symbol,
            "startTime": str(begin),
            "endTime": str(end),
        }
        page = await whole(client.privateGetV5ExecutionList, wanted, TRADES_PAGE)
        found.update((row["execId"], row) for row in reversed(page) if row["execType"] in TRADES)
    return [client.parse_trade(row, market) for row in found.values()]


def windows(since_ms: int, now_ms: int) -> Iterator[tuple[int, int]]:
    """Spans that the venue answers in one go; the last reaches beyond now, whoever's clock errs."""
    length = int(TRADES_WINDOW.total_seconds() * 1000)
    begin = since_ms
    while begin <= now_ms:
        yield begin, begin + length
        begin += length
