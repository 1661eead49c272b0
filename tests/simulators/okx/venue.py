"""The state of a simulated OKX."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tests.simulators.okx import catalogue
from tests.simulators.okx.accounts import Account
from tests.simulators.okx.errors import REASONS, refusal
from tests.simulators.okx.limits import Limits
from tests.simulators.okx.orders import Order, Trade
from tests.simulators.swaps import orders as swaps
from tests.simulators.swaps.instruments import Instrument
from tests.simulators.swaps.venue import Venue as SwapVenue


@dataclass(slots=True)
class Venue(SwapVenue[Account]):
    instruments: dict[str, Instrument] = field(default_factory=catalogue.listed)
    prices: Mapping[str, Decimal] = field(default_factory=catalogue.starting_prices)
    order_type: type[swaps.Order] = Order
    trade_type: type[swaps.Trade] = Trade
    taker_fee: Decimal = Decimal("0.0005")
    maker_fee: Decimal = Decimal("0.0002")
    order_ids: itertools.count[int] = field(
        default_factory=lambda: itertools.count(1_700_000_000_000_000_001)
    )
    trade_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(300_000_001))
    limits: Limits = field(default_factory=Limits)

    def refuse(self, reason: str) -> Exception:
        return refusal(REASONS[reason])

    def new_account(self, name: str, key: str) -> Account:
        return Account(name, key)
