"""Bybit's account of a unified wallet: the transaction log.

Source: the venue's pages "Get Transaction Log" and "Enums" (``type(uta-translog)``). A row's
``change`` is cash flow plus funding less fee; funding is positive where it was received.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trading.domain.ports import MoneyKind, MoneyReport
from trading.venues.bybit import pages
from trading.venues.figures import milliseconds, moment, number
from trading.venues.listing import Listing, our_symbol

CURRENCY = "USDT"
PAGE = 50
_OURS = "linear"
_OF_TRADES = frozenset({"TRADE", "LIQUIDATION", "ADL"})
"""Told by fills where they are of linear contracts, which are the only ones that we read."""
_KINDS: Mapping[str, MoneyKind] = {
    "SETTLEMENT": MoneyKind.FUNDING,
    "TRANSFER_IN": MoneyKind.TRANSFER,
    "TRANSFER_OUT": MoneyKind.TRANSFER,
    "TRANSFER_IN_INS_LOAN": MoneyKind.TRANSFER,
    "TRANSFER_OUT_INS_LOAN": MoneyKind.TRANSFER,
    "BONUS_TRANSFER_IN": MoneyKind.TRANSFER,
    "BONUS_TRANSFER_OUT": MoneyKind.TRANSFER,
    "PEF_TRANSFER_IN": MoneyKind.TRANSFER,
    "PEF_TRANSFER_OUT": MoneyKind.TRANSFER,
}


async def transactions(
    client: Any, since: datetime, listings: Mapping[str, Listing]
) -> list[MoneyReport]:
    """See :class:`trading.venues.dialect.MoneyDialect`."""
    found: dict[str, MoneyReport] = {}
    wanted = {"accountType": "UNIFIED", "currency": CURRENCY}
    for begin, end in pages.windows(milliseconds(since), client.nonce()):
        span = {"startTime": str(begin), "endTime": str(end)}
        ask = client.privateGetV5AccountTransactionLog
        page = await pages.every_page(ask, {**wanted, **span}, PAGE)
        reports = [_report(row, listings) for row in reversed(page)]
        found.update((report.venue_id, report) for report in reports if report.amount)
    return sorted(found.values(), key=lambda report: report.at)


def _report(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> MoneyReport:
    """Of a trade that fills tell only the funding that was settled with it is left."""
    kind, amount = _KINDS.get(row["type"], MoneyKind.OTHER), number(row["change"])
    if row["type"] in _OF_TRADES and row["category"] == _OURS:
        kind, amount = MoneyKind.FUNDING, number(row["funding"] or 0)
    return MoneyReport(
        venue_id=row["id"],
        kind=kind,
        amount=amount,
        currency=row["currency"],
        symbol=our_symbol(listings, row["symbol"]),
        at=moment(row["transactionTime"]),
    )
