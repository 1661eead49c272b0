"""The state of a simulated Upbit."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tests.simulators.binance.venue import Modes
from tests.simulators.swaps import orders as swaps
from tests.simulators.swaps.instruments import Instrument
from tests.simulators.swaps.venue import Venue as SwapVenue
from tests.simulators.upbit import catalogue
from tests.simulators.upbit.accounts import Account
from tests.simulators.upbit.errors import REASONS, Refusal
from tests.simulators.upbit.limits import Limits
from tests.simulators.upbit.orders import Order, Trade


@dataclass(slots=True)
class Venue(SwapVenue[Account]):
    instruments: dict[str, Instrument] = field(default_factory=catalogue.listed)
    prices: Mapping[str, Decimal] = field(default_factory=catalogue.starting_prices)
    order_type: type[swaps.Order] = Order
    trade_type: type[swaps.Trade] = Trade
    taker_fee: Decimal = Decimal("0.0005")
    maker_fee: Decimal = Decimal("0.0005")
    order_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(0x0B17 << 100))
    trade_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(0x7AD3 << 100))
    modes: Modes = field(default_factory=lambda: Modes(unique_among="all"))
    limits: Limits = field(default_factory=Limits)

    def refuse(self, reason: str) -> Exception:
        return Refusal(REASONS[reason])

    def new_account(self, name: str, key: str) -> Account:
        return Account(name, key)
