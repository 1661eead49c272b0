"""The state of one simulated venue; the engine, the endpoints and the control API share it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Generic, TypeVar

from tests.simulators.binance.accounts import Position
from tests.simulators.binance.book import Market
from tests.simulators.binance.clock import Clock
from tests.simulators.binance.ledger import Ledger
from tests.simulators.binance.venue import Modes
from tests.simulators.movements import Movement
from tests.simulators.swaps.accounts import Account
from tests.simulators.swaps.instruments import Instrument
from tests.simulators.swaps.orders import Order, Trade

A = TypeVar("A", bound=Account)


@dataclass(slots=True)
class Venue(Generic[A]):
    """Subclasses say what is listed, how accounts, orders and fills look, and how they refuse.

    ``prices`` are the first marks by symbol; ``tell`` is told of every change of an order,
    ``tell_wallet`` of what came to a wallet or went without one.
    """

    instruments: dict[str, Instrument]
    prices: Mapping[str, Decimal]
    order_type: type[Order]
    trade_type: type[Trade]
    taker_fee: Decimal
    maker_fee: Decimal
    order_ids: itertools.count[int]
    trade_ids: itertools.count[int]
    clock: Clock = field(default_factory=Clock)
    modes: Modes = field(default_factory=Modes)
    markets: dict[str, Market] = field(default_factory=dict)
    accounts: dict[str, A] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    resting: dict[str, dict[int, Order]] = field(default_factory=dict)
    tell: Callable[[Order, Trade | None], None] = lambda _order, _trade: None
    tell_wallet: Callable[[A], None] = lambda _account: None

    def __post_init__(self) -> None:
        for symbol, price in self.prices.items():
            self.markets[symbol] = Market(symbol, price, price, price, price)
            self.quote(symbol, price)

    def refuse(self, reason: str) -> Exception:
        """The venue's refusal for a reason of the engine: ``unknown_instrument``, ``duplicate``,
        ``nothing_to_reduce``, ``beyond_position``, ``price_band``, ``no_margin``, ``not_open``.
        """
        raise NotImplementedError

    def new_account(self, name: str, key: str) -> A:
        raise NotImplementedError

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
        """Refuses an instrument that is not listed."""
        found = self.markets.get(symbol)
        if found is None:
            raise self.refuse("unknown_instrument")
        return found

    def add_account(self, settings: Mapping[str, Any]) -> A:
        """Creates an account, or changes the given settings of an existing one.

        Keys: ``api_key``, ``secret``, ``name``, ``balance`` (USDT), ``leverage`` (default for
        every instrument), and the account type's ``TEXTS`` and ``FLAGS``.
        """
        key = str(settings["api_key"])
        account = self.accounts.get(key)
        if account is None:
            account = self.accounts[key] = self.new_account(str(settings.get("name", key)), key)
        account.change(settings)
        return account

    def change_rules(self, symbol: str, changes: Mapping[str, Any]) -> None:
        """Rule drift: any field of the instrument by its name."""
        self.market(symbol)
        instrument = self.instruments[symbol]
        for name, value in changes.items():
            setattr(instrument, name, type(getattr(instrument, name))(str(value)))

    def value(self, position: Position) -> Decimal:
        """Of a position at mark, in USDT, without sign."""
        mark = self.markets[position.symbol].mark
        return abs(self.instruments[position.symbol].value(position.amount, mark))

    def move(self, account: A, movement: Movement) -> None:
        """Changes the wallet, enters its account and is told to whoever listens."""
        account.wallet += movement.change
        account.movements.append(movement)
        self.tell_wallet(account)

    def entries(self, account: A) -> Iterator[tuple[Trade | Movement, Decimal]]:
        """What changed the wallet and what was there after it, newest first."""
        left = account.wallet
        changes: list[Trade | Movement] = [*account.trades, *account.movements]
        for each in sorted(changes, key=lambda each: -each.number):
            if self.shown(each):
                yield each, left
            left -= each.change

    def shown(self, item: Order | Trade | Movement) -> bool:
        """False while a lagging read does not know of it yet."""
        lag = self.modes.read_lag
        return not lag or self.clock.elapsed() - item.seen_from >= lag

    def read_time(self) -> float:
        """The elapsed time whose state a query may see."""
        return self.clock.elapsed() - self.modes.read_lag
