"""The state of one simulated venue; the engine, the endpoints and the control API share it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulators.binance import catalogue
from tests.simulators.binance.accounts import Account
from tests.simulators.binance.book import Market
from tests.simulators.binance.clock import Clock
from tests.simulators.binance.errors import refusal
from tests.simulators.binance.filters import SymbolRules, decimals
from tests.simulators.binance.ledger import Ledger
from tests.simulators.binance.limits import Limits, Quotas
from tests.simulators.binance.orders import Order, Trade

if TYPE_CHECKING:
    from tests.simulators.binance.algo import AlgoOrder
    from tests.simulators.movements import Movement

TAKER_FEE = Decimal("0.0005")
MAKER_FEE = Decimal("0.0002")


@dataclass(slots=True)
class Modes:
    """Behaviour on which sources disagree, or that a scenario changes.

    ``unique_among``: a client id is unique among ``open`` orders (documented) or ``all``.
    ``reduce_only_excess``: a reduce-only order above the position is ``clip``ped or ``reject``ed.
    ``read_lag``: ms for which queries do not show what the engine already did.
    ``maintenance``: every venue endpoint answers 503.
    """

    unique_among: str = "open"
    reduce_only_excess: str = "clip"
    read_lag: int = 0
    maintenance: bool = False


@dataclass(slots=True)
class Venue:
    quotas: Quotas = field(default_factory=Quotas)
    clock: Clock = field(default_factory=Clock)
    modes: Modes = field(default_factory=Modes)
    rules: dict[str, SymbolRules] = field(default_factory=catalogue.listed_rules)
    markets: dict[str, Market] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    limits: Limits = field(init=False)
    resting: dict[str, dict[int, Order]] = field(default_factory=dict)
    waiting_algos: dict[str, dict[int, AlgoOrder]] = field(default_factory=dict)
    order_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(8_000_000_001))
    trade_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(500_000_001))
    publish: Callable[[Account, dict[str, Any]], None] = lambda _account, _message: None
    listening: Callable[[Account], bool] = lambda _account: False

    def __post_init__(self) -> None:
        self.limits = Limits(self.quotas)
        for symbol, price in catalogue.starting_prices().items():
            self.markets[symbol] = Market(symbol, price, price, price, price)
            self.quote(symbol, price)

    def quote(
        self,
        symbol: str,
        mark: Decimal,
        bid: Decimal | None = None,
        ask: Decimal | None = None,
        last: Decimal | None = None,
    ) -> None:
        """Sets prices without matching; one tick apart around the mark unless given."""
        market, tick = self.market(symbol), self.rules[symbol].tick
        market.mark = mark
        market.last = mark if last is None else last
        floor = mark - mark % tick
        market.bid = floor if bid is None else bid
        market.ask = floor + tick if ask is None else ask
        market.bids = market.asks = None

    def market(self, symbol: str) -> Market:
        """Raises -1121 for a symbol that is not listed."""
        found = self.markets.get(symbol)
        if found is None:
            raise refusal(-1121)
        return found

    def add_account(self, settings: Mapping[str, Any]) -> Account:
        """Creates an account, or changes the given settings of an existing one.

        Keys: ``api_key``, ``secret``, ``name``, ``balance`` (USDT), ``hedge``, ``withdrawals``,
        ``may_trade``, ``ip_restricted``, ``revoked``, ``leverage`` (default for every symbol).
        """
        key = str(settings["api_key"])
        account = self.accounts.get(key)
        if account is None:
            secret = str(settings["secret"]).encode()
            account = Account(str(settings.get("name", key)), key, secret, Decimal(10_000))
            self.accounts[key] = account
        elif "secret" in settings:
            account.secret = str(settings["secret"]).encode()
        if "balance" in settings:
            account.wallet = Decimal(str(settings["balance"]))
        if "leverage" in settings:
            account.default_leverage = int(settings["leverage"])
        for name in ("hedge", "withdrawals", "may_trade", "ip_restricted", "revoked"):
            if name in settings:
                setattr(account, name, bool(settings[name]))
        return account

    def change_rules(self, symbol: str, changes: Mapping[str, Any]) -> None:
        """Rule drift: ``step``, ``tick``, ``min_notional``, ``min_quantity``, ``max_quantity``,
        ``max_market_quantity``, ``max_orders``, ``max_algo_orders``, ``status``.

        A new ``step`` takes the minimum quantity with it unless that is given as well.
        """
        self.market(symbol)
        rules = self.rules[symbol]
        for name, value in changes.items():
            current = getattr(rules, name)
            setattr(rules, name, type(current)(str(value)))
        if "step" in changes and "min_quantity" not in changes:
            finer = decimals(rules.min_quantity) > decimals(rules.step)
            if finer or rules.min_quantity < rules.step:
                rules.min_quantity = rules.step

    def shown(self, item: Order | Trade | Movement) -> bool:
        """False while a lagging read does not know of it yet."""
        lag = self.modes.read_lag
        return not lag or self.clock.elapsed() - item.seen_from >= lag

    def read_time(self) -> float:
        """The elapsed time whose state a query may see."""
        return self.clock.elapsed() - self.modes.read_lag
