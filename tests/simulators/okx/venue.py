"""The state of one simulated venue; the engine, the endpoints and the control API share it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.simulators.binance.accounts import Position
from tests.simulators.binance.book import Market
from tests.simulators.binance.clock import Clock
from tests.simulators.binance.ledger import Ledger
from tests.simulators.binance.venue import Modes
from tests.simulators.okx import catalogue
from tests.simulators.okx.accounts import Account
from tests.simulators.okx.catalogue import Instrument
from tests.simulators.okx.errors import refusal
from tests.simulators.okx.limits import Limits
from tests.simulators.okx.orders import Order, Trade

TAKER_FEE = Decimal("0.0005")
MAKER_FEE = Decimal("0.0002")


@dataclass(slots=True)
class Venue:
    limits: Limits = field(default_factory=Limits)
    clock: Clock = field(default_factory=Clock)
    modes: Modes = field(default_factory=Modes)
    instruments: dict[str, Instrument] = field(default_factory=catalogue.listed)
    markets: dict[str, Market] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    resting: dict[str, dict[int, Order]] = field(default_factory=dict)
    order_ids: itertools.count[int] = field(
        default_factory=lambda: itertools.count(1_700_000_000_000_000_001)
    )
    trade_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(300_000_001))
    bill_ids: itertools.count[int] = field(
        default_factory=lambda: itertools.count(1_800_000_000_000_000_001)
    )

    def __post_init__(self) -> None:
        for symbol, price in catalogue.starting_prices().items():
            self.markets[symbol] = Market(symbol, price, price, price, price)
            self.quote(symbol, price)

    def quote(self, symbol: str, mark: Decimal, **given: Decimal) -> None:
        """Sets prices without matching; one tick apart around the mark unless given."""
        market, tick = self.market(symbol), self.instruments[symbol].tick
        floor = mark - mark % tick
        market.mark = mark
        market.last = given.get("last", mark)
        market.bid = given.get("bid", floor)
        market.ask = given.get("ask", floor + tick)
        market.bids = market.asks = None

    def market(self, symbol: str) -> Market:
        """Raises 51001 for an instrument that is not listed."""
        found = self.markets.get(symbol)
        if found is None:
            raise refusal("51001")
        return found

    def add_account(self, settings: Mapping[str, Any]) -> Account:
        """Creates an account, or changes the given settings of an existing one.

        Keys: ``api_key``, ``secret``, ``passphrase``, ``name``, ``balance`` (USDT), ``leverage``
        (default for every instrument), ``level``, ``ips``, and the flags ``demo``, ``hedge``,
        ``withdrawals``, ``may_trade``, ``revoked``.
        """
        key = str(settings["api_key"])
        account = self.accounts.get(key)
        if account is None:
            secret, passphrase = str(settings["secret"]), str(settings["passphrase"])
            account = Account(str(settings.get("name", key)), key, secret.encode(), passphrase)
            self.accounts[key] = account
        account.change(settings)
        return account

    def change_rules(self, symbol: str, changes: Mapping[str, Any]) -> None:
        """Rule drift: ``lot``, ``min_size``, ``max_limit``, ``max_market``, ``tick``, ``state``."""
        self.market(symbol)
        instrument = self.instruments[symbol]
        for name, value in changes.items():
            setattr(instrument, name, type(getattr(instrument, name))(str(value)))

    def value(self, position: Position) -> Decimal:
        """Of a position at mark, in USDT, without sign."""
        mark = self.markets[position.symbol].mark
        return abs(self.instruments[position.symbol].value(position.amount, mark))

    def shown(self, item: Order | Trade) -> bool:
        """False while a lagging read does not know of an order or a trade yet."""
        lag = self.modes.read_lag
        return not lag or self.clock.elapsed() - item.seen_from >= lag

    def read_time(self) -> float:
        """The elapsed time whose state a query may see."""
        return self.clock.elapsed() - self.modes.read_lag
