"""An account as Upbit knows it: won, and coins."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import ClassVar

from tests.simulators.swaps.accounts import Account as SwapAccount
from tests.simulators.swaps.orders import ZERO


@dataclass(slots=True, eq=False)
class Account(SwapAccount):
    """``identifiers`` and ``nonces``: all that were ever shown; ``balance`` is in won."""

    FLAGS: ClassVar[tuple[str, ...]] = ("may_trade", "revoked", "expired")
    TEXTS: ClassVar[tuple[str, ...]] = ("ips",)

    wallet: Decimal = Decimal(100_000_000)
    ips: str = "127.0.0.1"
    expired: bool = False
    default_leverage: int = 1
    identifiers: set[str] = field(default_factory=set)
    nonces: set[str] = field(default_factory=set)

    def coins(self, symbol: str) -> Decimal:
        position = self.positions.get((symbol, "net"))
        return position.amount if position else ZERO

    def locked(self, symbol: str) -> Decimal:
        """Coins that wait in sell orders."""
        waiting = (o for o in self.open_orders.values() if o.symbol == symbol and o.side == "sell")
        return sum((order.rest for order in waiting), ZERO)

    def won(self) -> Decimal:
        """All of it, also what waits in buy orders: the wallet without what the coins cost."""
        spent = sum((p.entry * p.amount for p in self.held()), ZERO)
        return self.wallet - spent
