"""What a copy holds and what was done about it, as its person and the API see it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from trading.copying.targets.asks import asked_of
from trading.domain.marking import Marked
from trading.domain.targets import target_of
from trading.models import (
    CopySubscription,
    Instrument,
    Order,
    Repair,
    StopWay,
    VirtualPosition,
)


@dataclass(frozen=True, slots=True)
class OpenLeg:
    """A copy's share of a position. ``orders`` of the copy in the symbol are under way.

    ``target`` is what it should hold, signed base units; ``too_small``: less than what the venue
    trades.
    """

    symbol: str
    held: Marked
    target: Decimal
    mark_at: datetime | None
    currency: str
    orders: int
    too_small: bool

    @property
    def side(self) -> str:
        return self.held.side


def open_legs(copy: CopySubscription, now: datetime) -> list[OpenLeg]:
    """By symbol: five queries, whatever their number."""
    shares = VirtualPosition.objects.filter(subscription=copy).exclude(quantity=0)
    rows = list(shares.order_by("symbol"))
    symbols = [row.symbol for row in rows]
    traded = Instrument.objects.filter(venue=copy.account.venue_id, symbol__in=symbols)
    markets = {row.symbol: row for row in traded.select_related("price")}
    alive = Order.objects.filter(
        account=copy.account_id, symbol__in=symbols, closed_at=None, subscription_id=copy.pk
    )
    busy = Counter(alive.values_list("symbol", flat=True))
    asked = asked_of([(copy.pk, symbol) for symbol in symbols], now)
    closing = copy.stopping == StopWay.CLOSE_NOW

    def leg(row: VirtualPosition) -> OpenLeg:
        target = target_of(row.quantity, asked[copy.pk, row.symbol])
        market = markets.get(row.symbol)
        return _leg(row, market, busy[row.symbol], Decimal(0) if closing else target)

    return [leg(row) for row in rows]


def repairs_of(copy: CopySubscription) -> QuerySet[Repair]:
    """Newest first."""
    return Repair.objects.filter(subscription=copy)


def _leg(row: VirtualPosition, market: Instrument | None, orders: int, target: Decimal) -> OpenLeg:
    price = getattr(market, "price", None)
    return OpenLeg(
        symbol=row.symbol,
        held=Marked(row.quantity, row.entry_price, row.leverage, price.mark if price else None),
        target=target,
        mark_at=price.at if price else None,
        currency=market.quote if market else "",
        orders=orders,
        too_small=abs(row.quantity) < (market.min_quantity if market else Decimal(0)),
    )
