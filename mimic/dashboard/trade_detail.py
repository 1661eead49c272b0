"""One trade with the orders that opened and closed it: the provider's price against mine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db.models import Q, QuerySet

from mimic.core.ids import first_id_at
from mimic.dashboard.books_scope import Markets, Scope
from mimic.dashboard.orders_selectors import Steps, fees_of, receipts_by_order, steps_of
from mimic.dashboard.trades_selectors import TradeLine, line_of
from trading.domain.ports import PositionSide, Side
from trading.domain.slippage import slippage_bp
from trading.models import CopyExecution, Fill, Order, Trade

_AROUND = timedelta(days=1)
"""How far a fill may lie from the writing of its order: resting, or by a venue's own clock."""
MOST_ORDERS = 200


@dataclass(frozen=True, slots=True)
class Leg:
    """What one order did for the trade. Prices are in quote currency, None where nobody named one.

    ``theirs`` is what the provider's alert said, ``market`` the best price when it was decided,
    ``mine`` the average of the fills. ``slippage_bp`` is against theirs: above zero it cost.
    """

    order: Order
    opens: bool
    quantity: Decimal
    mine: Decimal
    theirs: Decimal | None
    market: Decimal | None
    fees: list[tuple[str, Decimal]]
    receipt: CopyExecution | None
    steps: Steps | None

    @property
    def slippage_bp(self) -> Decimal | None:
        if not self.theirs:
            return None
        return slippage_bp(Side(self.order.side), wanted=self.theirs, got=self.mine)


@dataclass(frozen=True, slots=True)
class TradeDetail:
    """``legs`` in the order of time. A trade closed outside this platform has no closing one."""

    line: TradeLine
    legs: list[Leg]


def trade_detail(scope: Scope, trade: Trade) -> TradeDetail:
    """Four queries."""
    orders = {row.pk: row for row in _orders_around(trade)}
    fills: dict[int, list[Fill]] = defaultdict(list)
    for fill in Fill.objects.filter(order_id__in=list(orders)).order_by("at", "pk"):
        if _is_of(fill, orders[fill.order_id], trade):
            fills[fill.order_id].append(fill)
    receipts = receipts_by_order(orders[key] for key in fills)
    return TradeDetail(
        line_of(scope, Markets(scope, [(trade.account_id, trade.symbol)]), trade),
        [_leg(orders[key], fills[key], receipts.get(key), trade) for key in fills],
    )


def _orders_around(trade: Trade) -> QuerySet[Order]:
    """What traded the symbol while the position was open, on its side. Ids are times."""
    begin, end = (trade.opened_at or trade.closed_at) - _AROUND, trade.closed_at + _AROUND
    sides = (PositionSide.BOTH.value, trade.side)
    rows = Order.objects.filter(
        account_id=trade.account_id,
        pk__gte=first_id_at(begin),
        pk__lt=first_id_at(end),
        symbol=trade.symbol,
        position_side__in=sides,
        filled__gt=0,
    )
    if trade.subscription_id is not None:
        rows = rows.filter(Q(subscription_id=trade.subscription_id) | Q(side=_closing(trade).value))
    return rows.order_by("-pk")[:MOST_ORDERS]


def _is_of(fill: Fill, order: Order, trade: Trade) -> bool:
    """Whether it opened what the trade closed, or is what closed it."""
    if order.side == _closing(trade).value:
        return order.pk == trade.closed_by
    return trade.opened_at is not None and trade.opened_at <= fill.at <= trade.closed_at


def _closing(trade: Trade) -> Side:
    return Side.SELL if trade.side == PositionSide.LONG.value else Side.BUY


def _leg(order: Order, fills: Sequence[Fill], receipt: CopyExecution | None, trade: Trade) -> Leg:
    quantity = sum((fill.quantity for fill in fills), Decimal(0))
    cost = sum((fill.quantity * fill.price for fill in fills), Decimal(0))
    told = None if receipt is None else receipt.inputs.get(_BEST[order.side])
    return Leg(
        order=order,
        opens=order.side != _closing(trade).value,
        quantity=quantity,
        mine=cost / quantity,
        theirs=None if receipt is None else receipt.signal.entry_price,
        market=None if told is None else Decimal(told),
        fees=fees_of(fills),
        receipt=receipt,
        steps=None if receipt is None else steps_of(order, receipt),
    )


_BEST = {Side.BUY.value: "ask", Side.SELL.value: "bid"}
"""What a taker of that side was offered, by the receipt's names."""
