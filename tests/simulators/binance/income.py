"""What changed a wallet, as the venue's income history tells it (its page of that name)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from tests.simulators.binance import events
from tests.simulators.binance.accounts import Account
from tests.simulators.binance.calls import Call
from tests.simulators.binance.intake import whole
from tests.simulators.binance.orders import ZERO, Trade, plain
from tests.simulators.binance.venue import Venue
from tests.simulators.movements import Movement

Json = dict[str, Any]
DAY = 86_400_000
KEPT = 90 * DAY
TYPES = {"transfer": "TRANSFER", "funding": "FUNDING_FEE", "other": "INSURANCE_CLEAR"}
_FIRST = 9_689_322_392


def move(venue: Venue, account: Account, movement: Movement) -> None:
    """Changes the wallet, enters the history and is told to whoever listens."""
    account.wallet += movement.change
    account.movements.append(movement)
    reason = TYPES[movement.kind]
    if movement.kind == "transfer":
        reason = "DEPOSIT" if movement.change > 0 else "WITHDRAW"
    now = venue.clock.now()
    venue.publish(account, events.account_update(account, None, ZERO, now, reason, movement.change))


def history(venue: Venue, call: Call) -> list[Json]:
    """Oldest first, the first ``limit`` (100, at most 1,000) from ``startTime`` on.

    Without times the last week is told, with a start alone the week after it: what the venue does
    then is not documented, and this is the harder case.
    """
    given, now = call.parameters, venue.clock.now()
    start = whole(given, "startTime", whole(given, "endTime", now) - 7 * DAY)
    end = whole(given, "endTime", start + 7 * DAY)
    limit = min(whole(given, "limit", 100), 1000)
    wanted = given.get("incomeType"), given.get("symbol")
    rows = [
        row
        for row in _rows(venue, call.account)
        if max(start, now - KEPT) <= row["time"] <= end
        if all(name in (None, row[key]) for name, key in zip(wanted, _FILTERS, strict=True))
    ]
    return sorted(rows, key=lambda row: int(row["time"]))[:limit]


_FILTERS = ("incomeType", "symbol")


def _rows(venue: Venue, account: Account) -> Iterator[Json]:
    """Transaction ids are unique among those of one type only."""
    told: Counter[str] = Counter()
    for trade in filter(venue.shown, account.trades):
        if trade.realised:
            yield _of_trade(trade, "REALIZED_PNL", trade.realised)
        yield _of_trade(trade, "COMMISSION", -trade.fee)
    for movement in filter(venue.shown, account.movements):
        told[movement.kind] += 1
        kind, number = TYPES[movement.kind], _FIRST + told[movement.kind]
        yield _row(movement.symbol, kind, movement.change, movement.at, number, "")


def _of_trade(trade: Trade, kind: str, amount: Decimal) -> Json:
    number = trade.trade_id
    return _row(trade.order.symbol, kind, amount, trade.at, number, str(number))


def _row(symbol: str, kind: str, amount: Decimal, at: int, number: int, trade: str) -> Json:
    return {
        "symbol": symbol,
        "incomeType": kind,
        "income": plain(amount),
        "asset": "USDT",
        "info": kind,
        "time": at,
        "tranId": number,
        "tradeId": trade,
    }
