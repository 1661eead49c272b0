"""Conditional orders: kept apart from the book until their trigger, then an ordinary order.

The child order carries the parent's client id (nautilus assumes so; not documented).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.simulators.binance import engine
from tests.simulators.binance.accounts import Account
from tests.simulators.binance.book import Market
from tests.simulators.binance.errors import Refusal, refusal
from tests.simulators.binance.filters import TIMES_IN_FORCE
from tests.simulators.binance.intake import (
    Parameters,
    client_id,
    flag,
    needed,
    number,
    position_side,
    rules_of,
    side_of,
)
from tests.simulators.binance.ledger import HOUSE, Arrival
from tests.simulators.binance.orders import OPEN, ZERO, NewOrder, Order, plain
from tests.simulators.binance.venue import Venue

STOPS = ("STOP", "STOP_MARKET")
TAKES = ("TAKE_PROFIT", "TAKE_PROFIT_MARKET")
TRAILING = "TRAILING_STOP_MARKET"


@dataclass(slots=True)
class AlgoOrder:
    account: Account
    order_id: int
    client_id: str
    symbol: str
    side: str
    position_side: str
    type: str
    time_in_force: str
    quantity: Decimal
    price: Decimal | None
    trigger: Decimal
    working_type: str
    close_position: bool
    reduce_only: bool
    price_protect: bool
    created: int
    callback_rate: Decimal = ZERO
    extreme: Decimal | None = None
    status: str = "NEW"
    updated: int = 0
    triggered: int = 0
    child: Order | None = None
    reason: str = ""

    def to_wire(self) -> dict[str, Any]:
        child = self.child
        return {
            "algoId": self.order_id,
            "clientAlgoId": self.client_id,
            "algoType": "CONDITIONAL",
            "orderType": self.type,
            "symbol": self.symbol,
            "side": self.side,
            "positionSide": self.position_side,
            "timeInForce": self.time_in_force,
            "quantity": plain(self.quantity),
            "algoStatus": self.status,
            "triggerPrice": plain(self.trigger),
            "price": plain(self.price or ZERO),
            "workingType": self.working_type,
            "priceMatch": "NONE",
            "closePosition": self.close_position,
            "priceProtect": self.price_protect,
            "reduceOnly": self.reduce_only,
            "activatePrice": plain(self.trigger) if self.type == TRAILING else "",
            "callbackRate": plain(self.callback_rate) if self.type == TRAILING else "",
            "actualOrderId": str(child.order_id) if child else "",
            "actualPrice": plain(child.average) if child else "0",
            "createTime": self.created,
            "updateTime": self.updated,
            "triggerTime": self.triggered,
        }

    def event(self, now: int) -> dict[str, Any]:
        """ALGO_UPDATE; ``rm`` says why it was rejected."""
        child = self.child
        body = {
            "caid": self.client_id, "aid": self.order_id, "at": "CONDITIONAL", "o": self.type,
            "s": self.symbol, "S": self.side, "ps": self.position_side, "f": self.time_in_force,
            "q": plain(self.quantity), "X": self.status,
            "ai": str(child.order_id) if child else "", "ap": plain(child.average) if child else "",
            "aq": plain(child.executed) if child else "", "tp": plain(self.trigger),
            "p": plain(self.price or ZERO), "wt": self.working_type, "cp": self.close_position,
            "pP": self.price_protect, "R": self.reduce_only, "rm": self.reason,
        }  # fmt: skip
        return {"e": "ALGO_UPDATE", "E": now, "T": now, "o": body}


def place_algo(
    venue: Venue, account: Account, parameters: Parameters, arrival: Arrival
) -> AlgoOrder:
    """Stores a conditional order; margin is not checked before the trigger. Raises Refusal."""
    algo = _read(venue, account, parameters)
    market, rules = venue.markets[algo.symbol], venue.rules[algo.symbol]
    waiting = [other for other in account.algos.values() if other.status == "NEW"]
    if any(other.client_id == algo.client_id for other in waiting):
        raise refusal(-4116)
    if sum(1 for other in waiting if other.symbol == algo.symbol) >= rules.max_algo_orders:
        raise refusal(-4045)
    if algo.type != TRAILING and _crossed(algo, market):
        raise refusal(-2021)
    account.algos[algo.order_id] = algo
    venue.waiting_algos.setdefault(algo.symbol, {})[algo.order_id] = algo
    venue.ledger.add("algo_accepted", algo, algo.quantity, algo.trigger, algo.created, arrival)
    _moved(venue, algo, "NEW")
    return algo


def cancel_algo(venue: Venue, algo: AlgoOrder, arrival: Arrival) -> None:
    """Raises -2011 unless it still waits for its trigger."""
    if algo.status != "NEW":
        raise refusal(-2011)
    _moved(venue, algo, "CANCELED")
    now = venue.clock.now()
    venue.ledger.add("algo_cancelled", algo, algo.quantity, algo.trigger, now, arrival)


def run_triggers(venue: Venue, symbol: str) -> None:
    """Triggers what the current price crossed; called after every price change."""
    market = venue.market(symbol)
    for algo in list(venue.waiting_algos.get(symbol, {}).values()):
        if _crossed(algo, market):
            _trigger(venue, algo)


def _read(venue: Venue, account: Account, parameters: Parameters) -> AlgoOrder:
    rules = rules_of(parameters, venue.rules)
    kind = needed(parameters, "type")
    if kind not in (*STOPS, *TAKES, TRAILING):
        raise refusal(-1116)
    if parameters.get("algoType") != "CONDITIONAL":
        raise refusal(-1102, "algoType")
    side, holding = side_of(parameters), position_side(parameters, account)
    closes = flag(parameters, "closePosition")
    market_like = kind not in ("STOP", "TAKE_PROFIT")
    quantity, price, callback = ZERO, None, ZERO
    if not closes:
        quantity = number(parameters, "quantity")
        rules.check_quantity(quantity, market=market_like)
    if not market_like:
        price = number(parameters, "price")
        rules.check_price(price)
    if kind == TRAILING:
        callback = number(parameters, "callbackRate")
        activates = parameters.get("activatePrice")
        trigger = Decimal(activates) if activates else venue.markets[rules.symbol].last
    else:
        trigger = number(parameters, "triggerPrice")
        rules.check_price(trigger)
    in_force = parameters.get("timeInForce", "GTC")
    if in_force not in TIMES_IN_FORCE:
        raise refusal(-1115)
    if rules.status != "TRADING":
        raise refusal(-4141)
    algo_id = next(venue.order_ids)
    return AlgoOrder(
        account, algo_id, client_id(parameters, "clientAlgoId") or f"sim{algo_id}", rules.symbol,
        side, holding, kind, in_force, quantity, price, trigger,
        parameters.get("workingType", "CONTRACT_PRICE"), closes,
        closes or flag(parameters, "reduceOnly"), flag(parameters, "priceProtect"),
        venue.clock.now(), callback,
    )  # fmt: skip


def _crossed(algo: AlgoOrder, market: Market) -> bool:
    price = market.mark if algo.working_type == "MARK_PRICE" else market.last
    buys = algo.side == "BUY"
    if algo.type == TRAILING:
        return _trailed(algo, price)
    if algo.type in STOPS:
        return price >= algo.trigger if buys else price <= algo.trigger
    return price <= algo.trigger if buys else price >= algo.trigger


def _trailed(algo: AlgoOrder, price: Decimal) -> bool:
    """Whether the price came back by the callback rate (percent) from its best since activation."""
    buys = algo.side == "BUY"
    if algo.extreme is None:
        if price <= algo.trigger if buys else price >= algo.trigger:
            algo.extreme = price
        return False
    algo.extreme = min(algo.extreme, price) if buys else max(algo.extreme, price)
    distance = algo.extreme * algo.callback_rate / 100
    return price >= algo.extreme + distance if buys else price <= algo.extreme - distance


def _trigger(venue: Venue, algo: AlgoOrder) -> None:
    """NEW → TRIGGERING → TRIGGERED → FINISHED, or REJECTED / EXPIRED without a child order."""
    algo.triggered = now = venue.clock.now()
    _moved(venue, algo, "TRIGGERING")
    venue.ledger.add("algo_triggered", algo, algo.quantity, algo.trigger, now, HOUSE)
    quantity = algo.quantity
    if algo.close_position:
        quantity = abs(algo.account.position(algo.symbol, algo.position_side).amount)
        if not quantity:
            _moved(venue, algo, "EXPIRED")
            return
    new = NewOrder(
        algo.symbol, algo.side, algo.position_side, "MARKET" if algo.price is None else "LIMIT",
        quantity, algo.price, algo.time_in_force, algo.reduce_only, algo.client_id, True,
        algo.close_position,
    )  # fmt: skip
    try:
        algo.child = engine.place(venue, algo.account, new, HOUSE)
    except Refusal as refused:
        algo.reason = refused.message
        _moved(venue, algo, "REJECTED")
        return
    _moved(venue, algo, "TRIGGERED")
    refresh(venue, algo)


def refresh(venue: Venue, algo: AlgoOrder) -> AlgoOrder:
    """A triggered order is FINISHED once its child has ended; readers call this first."""
    if algo.status == "TRIGGERED" and algo.child is not None and algo.child.status not in OPEN:
        _moved(venue, algo, "FINISHED")
    return algo


def _moved(venue: Venue, algo: AlgoOrder, status: str) -> None:
    algo.status, algo.updated = status, venue.clock.now()
    if status != "NEW":
        venue.waiting_algos.get(algo.symbol, {}).pop(algo.order_id, None)
    if venue.listening(algo.account):
        venue.publish(algo.account, algo.event(algo.updated))
