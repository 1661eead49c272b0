"""Binance's account of a futures wallet: incomes, oldest first, a thousand a page.

Source: the venue's page "Get Income History" (weight 30; three months are kept; ``tranId`` is
unique among the incomes of one type and user).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trading.domain.ports import MoneyKind, MoneyReport
from trading.venues.figures import milliseconds, moment, number
from trading.venues.listing import Listing, our_symbol

CURRENCY = "USDT"
PAGE = 1000
_BEYOND_NOW = 60_000  # ms: nothing is missed, whoever's clock errs
_OF_TRADES = frozenset({"REALIZED_PNL", "COMMISSION"})
_KINDS: Mapping[str, MoneyKind] = {
    "FUNDING_FEE": MoneyKind.FUNDING,
    "SPECIAL_FUNDING_FEE": MoneyKind.FUNDING,
    "TRANSFER": MoneyKind.TRANSFER,
    "INTERNAL_TRANSFER": MoneyKind.TRANSFER,
    "CROSS_COLLATERAL_TRANSFER": MoneyKind.TRANSFER,
    "STRATEGY_UMFUTURES_TRANSFER": MoneyKind.TRANSFER,
    "COIN_SWAP_DEPOSIT": MoneyKind.TRANSFER,
    "COIN_SWAP_WITHDRAW": MoneyKind.TRANSFER,
}


async def incomes(
    client: Any, since: datetime, listings: Mapping[str, Listing]
) -> list[MoneyReport]:
    """See :class:`trading.venues.dialect.MoneyDialect`. Pages go on by time: the last moment of
    one is the first of the next.
    """
    start, end = milliseconds(since), client.nonce() + _BEYOND_NOW
    found: dict[str, MoneyReport] = {}
    while True:
        asked = {"startTime": start, "endTime": end, "limit": PAGE}
        page = await client.fapiPrivateGetIncome(asked)
        if not isinstance(page, list):
            raise TypeError("not a list")
        reports = [_report(row, listings) for row in page if _counts(row)]
        found.update((report.venue_id, report) for report in reports)
        if len(page) < PAGE:
            return sorted(found.values(), key=lambda report: report.at)
        last = max(int(row["time"]) for row in page)
        if last <= start:
            raise ValueError("one millisecond fills a whole page of incomes")
        start = last


def _counts(row: Mapping[str, Any]) -> bool:
    return row["asset"] == CURRENCY and row["incomeType"] not in _OF_TRADES


def _report(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> MoneyReport:
    return MoneyReport(
        venue_id=f"{row['incomeType']}{row['tranId']}",
        kind=_KINDS.get(row["incomeType"], MoneyKind.OTHER),
        amount=number(row["income"]),
        currency=row["asset"],
        symbol=our_symbol(listings, row["symbol"]),
        at=moment(row["time"]),
    )
