"""An account: keys, wallet, positions in contracts, its orders; margin arithmetic.

Margin is cross in USDT; what is margined otherwise is reckoned as cross (nothing tested depends
on it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from tests.simulators.binance.accounts import Position
from tests.simulators.swaps.orders import ZERO, Order, Trade

if TYPE_CHECKING:
    from tests.simulators.movements import Movement
    from tests.simulators.swaps.venue import Venue

DEFAULT_LEVERAGE = 10


@dataclass(slots=True, eq=False)
class Account:
    """``ips`` is what the key is bound to, with commas between; empty: to nothing."""

    FLAGS: ClassVar[tuple[str, ...]] = ("hedge", "withdrawals", "may_trade", "revoked")
    TEXTS: ClassVar[tuple[str, ...]] = ("ips",)

    name: str
    api_key: str
    secret: bytes = b""
    wallet: Decimal = Decimal(10_000)
    hedge: bool = False
    withdrawals: bool = False
    may_trade: bool = True
    revoked: bool = False
    ips: str = "10.0.0.1"
    default_leverage: int = DEFAULT_LEVERAGE
    leverages: dict[str, int] = field(default_factory=dict)
    positions: dict[tuple[str, str], Position] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    by_client_id: dict[str, Order] = field(default_factory=dict)
    open_orders: dict[int, Order] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)

    def change(self, settings: Mapping[str, object]) -> None:
        """Keys as in :meth:`Venue.add_account`; what is not named stays."""
        if "secret" in settings:
            self.secret = str(settings["secret"]).encode()
        if "balance" in settings:
            self.wallet = Decimal(str(settings["balance"]))
        if "leverage" in settings:
            self.default_leverage = int(str(settings["leverage"]))
        for name in self.TEXTS:
            if name in settings:
                setattr(self, name, str(settings[name]))
        for name in self.FLAGS:
            if name in settings:
                setattr(self, name, bool(settings[name]))

    def leverage(self, symbol: str) -> int:
        return self.leverages.get(symbol, self.default_leverage)

    def position(self, symbol: str, side: str) -> Position:
        """``amount`` is signed contracts."""
        key = (symbol, side)
        found = self.positions.get(key)
        if found is None:
            found = self.positions[key] = Position(symbol, side)
        return found

    def held(self) -> Iterator[Position]:
        return (position for position in self.positions.values() if position.amount)

    def unrealised(self, venue: Venue[Any]) -> Decimal:
        """Open PnL at mark in USDT."""
        return sum(
            (
                venue.instruments[p.symbol].value(p.amount, venue.markets[p.symbol].mark - p.entry)
                for p in self.held()
            ),
            ZERO,
        )

    def position_margin(self, venue: Venue[Any]) -> Decimal:
        """Initial margin of open positions: value at mark over leverage."""
        return sum((venue.value(p) / self.leverage(p.symbol) for p in self.held()), ZERO)

    def order_margin(self) -> Decimal:
        """Margin held by resting orders that may open (reduce-only ones hold none)."""
        return sum(
            (
                order.instrument.value(order.rest, order.price) / self.leverage(order.symbol)
                for order in self.open_orders.values()
                if not order.reduce_only and order.price is not None
            ),
            ZERO,
        )

    def available(self, venue: Venue[Any]) -> Decimal:
        """What may still be used as margin; can be negative, reported as 0."""
        free = self.wallet + self.unrealised(venue) - self.position_margin(venue)
        return free - self.order_margin()
