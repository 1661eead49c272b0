"""What a copy holds and what was done about it, as its person and the API see it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import QuerySet

from trading.domain.marking import Marked
from trading.models import CopySubscription, Instrument, Order, Repair, VirtualPosition


@dataclass(frozen=True, slots=True)
class OpenLeg:
    """A copy's share of a position. ``orders`` of the copy in the symbol are under way.

    ``too_small``: less than what the venue trades.
    """

    symbol: str
    held: Marked
    mark_at: datetime | None
    currency: str
    orders: int
    too_small: bool

    @property
    def side(self) -> str:
        return self.held.side


def open_legs(copy: CopySubscription) -> list[OpenLeg]:
    """By symbol: three queries, whatever their number."""
    shares = VirtualPosition.objects.filter(subscription=copy).exclude(quantity=0)
    rows = list(shares.order_by("symbol"))
    symbols = [row.symbol for row in rows]
    traded = Instrument.objects.filter(venue=copy.account.venue_id, symbol__in=symbols)
    markets = {row.symbol: row for row in traded.select_related("price")}
    alive = Order.objects.filter(
        account=copy.account_id, symbol__in=symbols, closed_at=None, subscription_id=copy.pk
    )
    busy = Counter(alive.values_list("symbol", flat=True))
    return [_leg(row, markets.get(row.symbol), busy[row.symbol]) for row in rows]


def repairs_of(copy: CopySubscription) -> QuerySet[Repair]:
    """Newest first."""
    return Repair.objects.filter(subscription=copy)


def _leg(row: VirtualPosition, market: Instrument | None, orders: int) -> OpenLeg:
    price = getattr(market, "price", None)
    return OpenLeg(
        symbol=row.symbol,
        held=Marked(row.quantity, row.entry_price, row.leverage, price.mark if price else None),
        mark_at=price.at if price else None,
        currency=market.quote if market else "",
        orders=orders,
        too_small=abs(row.quantity) < (market.min_quantity if market else Decimal(0)),
    )
