"""OKX's account of the trading wallet: bills.

Source: the venue's "Get bills details" (last 7 days, and the archive of three months).
``balChg`` is what a bill changed of ``cashBal``, with profit and fee.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trading.domain.ports import MoneyKind, MoneyReport
from trading.venues.figures import milliseconds, moment, number
from trading.venues.listing import Listing, our_symbol
from trading.venues.okx import pages

CURRENCY = "USDT"
_RECENT_MS = 6 * 24 * 3_600_000  # the quick endpoint keeps seven days
_OURS = "SWAP"
_OF_TRADES = frozenset({"2", "5", "9"})
"""Trade, liquidation, auto-deleveraging: told by fills where they are of swaps, which are all that
we read.
"""
_KINDS: Mapping[str, MoneyKind] = {
    "1": MoneyKind.TRANSFER,
    "8": MoneyKind.FUNDING,
    "12": MoneyKind.TRANSFER,  # to and from a strategy's own wallet
}


async def bills(client: Any, since: datetime, listings: Mapping[str, Listing]) -> list[MoneyReport]:
    """See :class:`trading.venues.dialect.MoneyDialect`."""
    begin = milliseconds(since)
    recent = begin > client.nonce() - _RECENT_MS
    ask = client.privateGetAccountBills if recent else client.privateGetAccountBillsArchive
    found = await pages.every(ask, {"ccy": CURRENCY, "begin": str(begin)}, "billId")
    reports = [_report(row, listings) for row in reversed(found) if _counts(row)]
    return sorted(reports, key=lambda report: report.at)


def _counts(row: Mapping[str, Any]) -> bool:
    moved = number(row["balChg"]) != 0
    return moved and not (row["type"] in _OF_TRADES and row["instType"] == _OURS)


def _report(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> MoneyReport:
    return MoneyReport(
        venue_id=row["billId"],
        kind=_KINDS.get(row["type"], MoneyKind.OTHER),
        amount=number(row["balChg"]),
        currency=row["ccy"],
        symbol=our_symbol(listings, row["instId"]),
        at=moment(row["ts"]),
    )
