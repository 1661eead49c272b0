"""The state of a simulated Bybit."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tests.simulators.binance.ledger import Arrival
from tests.simulators.binance.venue import Modes as CommonModes
from tests.simulators.bybit import catalogue
from tests.simulators.bybit.accounts import Account
from tests.simulators.bybit.errors import REASONS, UNKNOWN_SYMBOL, refusal, wrong
from tests.simulators.bybit.limits import Limits
from tests.simulators.bybit.orders import Order, Trade
from tests.simulators.swaps import engine
from tests.simulators.swaps import orders as swaps
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import Instrument
from tests.simulators.swaps.venue import Venue as SwapVenue


@dataclass(slots=True)
class Modes(CommonModes):
    """``match_lag``: ms between an order's acknowledgement and its matching.

    ``reject_next``: how many of the next orders are acknowledged and then rejected.
    ``cancel_lag``: ms between the acknowledgement of a cancel and the order's end; it may fill yet.
    ``keeps_ended``: false after a restart of the venue, when only the history knows them.
    """

    unique_among: str = "all"
    match_lag: int = 0
    cancel_lag: int = 0
    reject_next: int = 0
    keeps_ended: bool = True


@dataclass(slots=True)
class Venue(SwapVenue[Account]):
    instruments: dict[str, Instrument] = field(default_factory=catalogue.listed)
    prices: Mapping[str, Decimal] = field(default_factory=catalogue.starting_prices)
    order_type: type[swaps.Order] = Order
    trade_type: type[swaps.Trade] = Trade
    taker_fee: Decimal = Decimal("0.00055")
    maker_fee: Decimal = Decimal("0.0002")
    order_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(0xB1B17 << 100))
    trade_ids: itertools.count[int] = field(default_factory=lambda: itertools.count(0xF1115 << 100))
    modes: CommonModes = field(default_factory=Modes)
    limits: Limits = field(default_factory=Limits)
    waiting: list[tuple[float, swaps.Order, bool]] = field(default_factory=list)
    leaving: list[tuple[float, swaps.Order, Arrival]] = field(default_factory=list)
    tell_exit: Callable[[Account, Json], None] = lambda _account, _row: None

    def refuse(self, reason: str) -> Exception:
        if reason == "unknown_instrument":
            return wrong(UNKNOWN_SYMBOL)
        return refusal(REASONS[reason])

    def new_account(self, name: str, key: str) -> Account:
        return Account(name, key)

    @property
    def ways(self) -> Modes:
        """The modes, with those that only this venue has."""
        if not isinstance(self.modes, Modes):
            raise TypeError("modes of another venue")
        return self.modes

    def acknowledge(self, order: swaps.Order) -> None:
        """The order is in; it is matched, or rejected, as soon as its time has come."""
        modes = self.ways
        rejected = modes.reject_next > 0
        modes.reject_next -= rejected
        self.waiting.append((self.clock.elapsed() + modes.match_lag, order, rejected))
        self.work()

    def take_out(self, order: swaps.Order, arrival: Arrival) -> None:
        """The cancel is in; it takes effect as soon as its time has come. Refuses what ended."""
        if order.state not in swaps.OPEN:
            raise self.refuse("not_open")
        self.leaving.append((self.clock.elapsed() + self.ways.cancel_lag, order, arrival))
        self.work()

    def work(self) -> None:
        """Matches, rejects or cancels what has waited long enough and is still open."""
        now = self.clock.elapsed()
        due = [entry for entry in self.waiting if entry[0] <= now]
        self.waiting = [entry for entry in self.waiting if entry[0] > now]
        for _, order, rejected in due:
            if order.state in swaps.OPEN:
                (engine.reject if rejected else engine.enter)(self, order)
        gone = [entry for entry in self.leaving if entry[0] <= now]
        self.leaving = [entry for entry in self.leaving if entry[0] > now]
        for _, order, arrival in gone:
            if order.state in swaps.OPEN:
                engine.cancel(self, order, arrival)
