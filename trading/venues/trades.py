"""From ccxt's shape of a trade to our report."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from trading.domain.ports import FillReport, Side
from trading.venues.figures import moment


def read_fill(trade: Mapping[str, Any], symbol: str, size: Decimal) -> FillReport:
    """One of ccxt's trades; ``size`` is the base units of a contract.

    Raises KeyError, TypeError, ValueError or decimal errors on a broken one.
    """
    fee = trade.get("fee") or {}
    if not trade["id"] or not trade["order"]:
        raise ValueError("a trade without its id or its order's")
    return FillReport(
        trade_id=str(trade["id"]),
        venue_order_id=str(trade["order"]),
        symbol=symbol,
        side=Side(trade["side"]),
        quantity=Decimal(trade["amount"]) * size,
        price=Decimal(trade["price"]),
        fee=Decimal(fee.get("cost") or 0),
        fee_currency=str(fee.get("currency") or ""),
        at=moment(trade["timestamp"]),
    )
