"""The state of a simulated Coinbase."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tests.simulators.coinbase import catalogue
from tests.simulators.coinbase.accounts import Account
from tests.simulators.coinbase.errors import REASONS, Declined
from tests.simulators.coinbase.limits import Limits
from tests.simulators.coinbase.orders import Order, Trade
from tests.simulators.swaps import orders as swaps
from tests.simulators.swaps.instruments import Instrument
from tests.simulators.swaps.venue import Venue as SwapVenue


@dataclass(slots=True)
class Venue(SwapVenue[Account]):
    """Fees are a rate here; the real ones have a fixed part by contract besides."""

    instruments: dict[str, Instrument] = field(default_factory=catalogue.listed)
    prices: Mapping[str, Decimal] = field(default_factory=catalogue.starting_prices)
    order_type: type[swaps.Order] = Order
    trade_type: type[swaps.Trade] = Trade
    taker_fee: Decimal = Decimal("0.0003")
    maker_fee: Decimal = Decimal("0.0002")
    order_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(0xC01B << 100))
    trade_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(0xF111 << 100))
    limits: Limits = field(default_factory=Limits)

    def refuse(self, reason: str) -> Exception:
        return Declined(REASONS[reason])

    def new_account(self, name: str, key: str) -> Account:
        return Account(name, key)
