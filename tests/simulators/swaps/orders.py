"""Orders and fills as a swap venue keeps them, in contracts; how they look is the venue's own."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from tests.simulators.swaps.calls import Json

if TYPE_CHECKING:
    from tests.simulators.swaps.accounts import Account
    from tests.simulators.swaps.instruments import Instrument

ZERO = Decimal(0)
OPEN = frozenset(("open", "partly"))


@dataclass(slots=True)
class NewOrder:
    """A checked request for an order. ``price`` is None for a market order.

    ``side``: buy or sell. ``position_side``: net, long or short. ``type``: market, limit,
    post_only, fok or ioc.
    """

    instrument: Instrument
    side: str
    position_side: str
    type: str
    quantity: Decimal
    price: Decimal | None
    reduce_only: bool
    client_id: str
    margin_mode: str = "cross"
    tag: str = ""
    forced: bool = False  # the venue's own, to liquidate

    @property
    def symbol(self) -> str:
        return self.instrument.symbol


@dataclass(slots=True, eq=False)
class Order:
    """``state``: open, partly, filled, cancelled or rejected; ``ended`` is the ledger's word."""

    account: Account
    instrument: Instrument
    order_id: int
    client_id: str
    side: str
    position_side: str
    type: str
    quantity: Decimal
    price: Decimal | None
    reduce_only: bool
    margin_mode: str
    tag: str
    created: int
    seen_from: float
    state: str = "open"
    ended: str = ""
    executed: Decimal = ZERO
    quote: Decimal = ZERO  # contracts times price
    fee: Decimal = ZERO
    realised: Decimal = ZERO
    updated: int = 0
    last: Trade | None = None
    forced: bool = False

    @property
    def symbol(self) -> str:
        return self.instrument.symbol

    @property
    def number(self) -> int:
        return self.order_id

    @property
    def rest(self) -> Decimal:
        return self.quantity - self.executed

    @property
    def sign(self) -> int:
        return 1 if self.side == "buy" else -1

    def to_wire(self) -> Json:
        raise NotImplementedError

    @property
    def average(self) -> Decimal | None:
        return (self.quote / self.executed).quantize(Decimal("1E-8")) if self.executed else None


@dataclass(slots=True, frozen=True)
class Trade:
    """One fill; ``fee`` is what it cost; ``seen_from`` is when a lagging read may show it."""

    trade_id: int
    order: Order
    price: Decimal
    quantity: Decimal
    fee: Decimal
    realised: Decimal
    maker: bool
    rest: Decimal
    at: int
    seen_from: float

    @property
    def number(self) -> int:
        return self.trade_id

    @property
    def change(self) -> Decimal:
        """Of the wallet."""
        return self.realised - self.fee

    def to_wire(self) -> Json:
        raise NotImplementedError
