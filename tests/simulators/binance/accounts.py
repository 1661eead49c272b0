"""An account: keys, wallet, positions, its orders; netting and margin arithmetic.

Margin is cross in USDT. Symbols switched to ISOLATED are reported so, but their margin is reckoned
as cross (a simplification; nothing tested depends on it).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulators.binance.limits import OrderCount
from tests.simulators.binance.orders import Order, Trade

if TYPE_CHECKING:
    from tests.simulators.binance.algo import AlgoOrder
    from tests.simulators.binance.book import Market
    from tests.simulators.movements import Movement

ZERO = Decimal(0)
DEFAULT_LEVERAGE = 20
MAINTENANCE = Decimal("0.004")


@dataclass(slots=True)
class Position:
    """Signed ``amount`` in base units; late reads use ``versions`` (elapsed ms, amount, entry)."""

    symbol: str
    side: str
    amount: Decimal = ZERO
    entry: Decimal = ZERO
    updated: int = 0
    realised: Decimal = ZERO
    versions: list[tuple[float, Decimal, Decimal]] = field(default_factory=list)

    def trade(self, quantity: Decimal, price: Decimal) -> Decimal:
        """Nets a signed ``quantity`` at ``price``. Returns the realised PnL in USDT."""
        before = self.amount
        after = before + quantity
        realised = ZERO
        if before == 0 or (before > 0) == (quantity > 0):
            self.entry = (self.entry * abs(before) + price * abs(quantity)) / abs(after)
        else:
            closed = min(abs(before), abs(quantity))
            realised = (price - self.entry) * (closed if before > 0 else -closed)
            if after == 0:
                self.entry = ZERO
            elif (after > 0) != (before > 0):
                self.entry = price
        self.amount = after
        self.realised += realised
        return realised

    def as_of(self, elapsed: float) -> tuple[Decimal, Decimal]:
        """Amount and entry as they stood at ``elapsed`` ms; flat when older than the history."""
        for at, amount, entry in reversed(self.versions):
            if at <= elapsed:
                return amount, entry
        return ZERO, ZERO


@dataclass(slots=True, eq=False)
class Account:
    name: str
    api_key: str
    secret: bytes
    wallet: Decimal
    hedge: bool = False
    withdrawals: bool = False
    may_trade: bool = True
    ip_restricted: bool = True
    revoked: bool = False
    default_leverage: int = DEFAULT_LEVERAGE
    leverages: dict[str, int] = field(default_factory=dict)
    isolated: set[str] = field(default_factory=set)
    positions: dict[tuple[str, str], Position] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    by_client_id: dict[str, Order] = field(default_factory=dict)
    open_orders: dict[int, Order] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)
    movements: list[Movement] = field(default_factory=list)
    algos: dict[int, AlgoOrder] = field(default_factory=dict)
    order_count: OrderCount = field(default_factory=OrderCount)
    listen_key: str = ""
    listen_key_until: int = 0

    def leverage(self, symbol: str) -> int:
        return self.leverages.get(symbol, self.default_leverage)

    def position(self, symbol: str, side: str) -> Position:
        key = (symbol, side)
        found = self.positions.get(key)
        if found is None:
            found = self.positions[key] = Position(symbol, side)
        return found

    def held(self) -> Iterator[Position]:
        return (position for position in self.positions.values() if position.amount)

    def unrealised(self, markets: Mapping[str, Market]) -> Decimal:
        """Open PnL at mark in USDT."""
        return sum(((markets[p.symbol].mark - p.entry) * p.amount for p in self.held()), ZERO)

    def position_margin(self, markets: Mapping[str, Market]) -> Decimal:
        """Initial margin of open positions: notional at mark over leverage."""
        return sum(
            (abs(p.amount) * markets[p.symbol].mark / self.leverage(p.symbol) for p in self.held()),
            ZERO,
        )

    def order_margin(self) -> Decimal:
        """Margin held by resting orders that may open (reduce-only ones hold none)."""
        return sum(
            (
                order.rest * order.price / self.leverage(order.symbol)
                for order in self.open_orders.values()
                if not order.reduce_only and order.price is not None
            ),
            ZERO,
        )

    def available(self, markets: Mapping[str, Market]) -> Decimal:
        """What may still be used as margin; can be negative, reported as 0."""
        free = self.wallet + self.unrealised(markets) - self.position_margin(markets)
        return free - self.order_margin()
