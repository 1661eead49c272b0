"""Accepts, matches, fills and cancels orders; the only place where an order's status changes.

Checks run in the order: duplicate id, reduce-only, PERCENT_PRICE, MIN_NOTIONAL, order cap, margin
(the venue's own order is not published).
"""

from __future__ import annotations

from decimal import Decimal

from tests.simulators.binance import events
from tests.simulators.binance.accounts import Account, Position
from tests.simulators.binance.book import Market
from tests.simulators.binance.errors import refusal
from tests.simulators.binance.ledger import HOUSE, Arrival
from tests.simulators.binance.orders import OPEN, ZERO, NewOrder, Order, Trade
from tests.simulators.binance.venue import MAKER_FEE, TAKER_FEE, Venue

NO_LIQUIDITY = 9
CENT_MILLIONTH = Decimal("1E-8")


def place(venue: Venue, account: Account, new: NewOrder, arrival: Arrival) -> Order:
    """Accepts and matches an order at once. Raises Refusal when the venue does not accept it."""
    market = venue.markets[new.symbol]
    _check_client_id(venue, account, new.client_id)
    closable = _closable(account, new)
    _check_reduction(venue, new, closable)
    _check_prices(venue, new, market, closable)
    _check_capacity(venue, account, new, market, closable)
    order = _accept(venue, account, new, arrival)
    _match(venue, order, market, maker=False)
    _settle_taker(venue, order)
    return order


def cancel(venue: Venue, order: Order, arrival: Arrival) -> None:
    """Cancels an open order. Raises -2011 when it is not open any more."""
    if order.status not in OPEN:
        raise refusal(-2011)
    _close(venue, order, "CANCELED", "cancelled", arrival)


def liquidate(venue: Venue, account: Account) -> int:
    """Closes every position by an order of the venue's own; returns how many."""
    held = list(account.held())
    for position in held:
        order = NewOrder(
            symbol=position.symbol,
            side="SELL" if position.amount > 0 else "BUY",
            position_side=position.side,
            type="MARKET",
            time_in_force="GTC",
            quantity=abs(position.amount),
            price=None,
            reduce_only=position.side == "BOTH",
            client_id=f"autoclose-{next(venue.order_ids)}",
            full_answer=False,
        )
        place(venue, account, order, HOUSE)
    return len(held)


def rematch(venue: Venue, symbol: str) -> None:
    """Fills the resting orders that the current prices cross, oldest first."""
    market = venue.market(symbol)
    for order in list(venue.resting.get(symbol, {}).values()):
        if order.price is not None and market.crosses(order.side, order.price):
            _match(venue, order, market, maker=True)
            emptied = _reduces(order) and not _closable(order.account, order)
            if emptied and order.status in OPEN:
                _close(venue, order, "EXPIRED", "expired", HOUSE)


def _check_client_id(venue: Venue, account: Account, client_id: str) -> None:
    known = account.by_client_id.get(client_id) if client_id else None
    if known and (venue.modes.unique_among == "all" or known.status in OPEN):
        raise refusal(-4116)


def _closable(account: Account, order: NewOrder | Order) -> Decimal:
    """How much of the held position the order would close (0 when it would add)."""
    position = account.positions.get((order.symbol, order.position_side))
    held = position.amount if position else ZERO
    if (held > 0) == (order.side == "BUY"):
        return ZERO
    return abs(held)


def _reduces(new: NewOrder | Order) -> bool:
    """Reduce-only by flag, by closing, or by what SELL LONG and BUY SHORT mean in hedge mode."""
    closing = {"LONG": "SELL", "SHORT": "BUY"}.get(new.position_side)
    return new.reduce_only or new.close_position or closing == new.side


def _check_reduction(venue: Venue, new: NewOrder, closable: Decimal) -> None:
    if not _reduces(new):
        return
    excess = new.quantity > closable
    strict = new.position_side != "BOTH" or venue.modes.reduce_only_excess == "reject"
    if not closable or (excess and strict):
        raise refusal(-2022)


def _check_prices(venue: Venue, new: NewOrder, market: Market, closable: Decimal) -> None:
    rules = venue.rules[new.symbol]
    if new.price is None:
        best = market.best(new.side)
        if best is not None and not market.crosses(new.side, _band(venue, new.side, market)):
            raise refusal(-4131)
    else:
        rules.check_band(new.side, new.price, market.mark)
        crossing = market.crosses(new.side, new.price)
        if new.time_in_force == "GTX" and crossing:
            raise refusal(-5022)
        if new.time_in_force == "FOK":
            eaten = market.available(new.side, new.quantity, new.price)
            if sum((quantity for _, quantity in eaten), ZERO) < new.quantity:
                raise refusal(-5021)
    if not _reduces(new):
        rules.check_notional(new.quantity * (market.mark if new.price is None else new.price))


def _band(venue: Venue, side: str, market: Market) -> Decimal:
    """The worst price at which a MARKET order may trade."""
    rules = venue.rules[market.symbol]
    return market.mark * (rules.multiplier_up if side == "BUY" else rules.multiplier_down)


def _check_capacity(
    venue: Venue, account: Account, new: NewOrder, market: Market, closable: Decimal
) -> None:
    open_here = sum(1 for order in account.open_orders.values() if order.symbol == new.symbol)
    if open_here >= venue.rules[new.symbol].max_orders:
        raise refusal(-2025)
    opening = ZERO if _reduces(new) else max(ZERO, new.quantity - closable)
    if not opening:
        return
    price = new.price or market.best(new.side) or market.mark
    leverage = account.leverage(new.symbol)
    held = account.position(new.symbol, new.position_side).amount
    after = opening if closable else opening + abs(held)
    if after * price > venue.rules[new.symbol].notional_cap(leverage):
        raise refusal(-2027)
    freed = closable * market.mark / leverage
    if opening * price / leverage > account.available(venue.markets) + freed:
        raise refusal(-2019)


def _accept(venue: Venue, account: Account, new: NewOrder, arrival: Arrival) -> Order:
    now, order_id = venue.clock.now(), next(venue.order_ids)
    order = Order(
        account=account,
        order_id=order_id,
        symbol=new.symbol,
        client_id=new.client_id or f"sim{order_id}",
        side=new.side,
        position_side=new.position_side,
        type=new.type,
        time_in_force=new.time_in_force,
        quantity=new.quantity,
        price=new.price,
        reduce_only=new.reduce_only,
        close_position=new.close_position,
        created=now,
        updated=now,
        seen_from=venue.clock.elapsed(),
        good_till=new.good_till,
    )
    account.orders[order_id] = order
    account.by_client_id[order.client_id] = order
    account.open_orders[order_id] = order
    venue.ledger.add("accepted", order, order.quantity, order.price or ZERO, now, arrival)
    if venue.listening(account):
        venue.publish(account, events.order_update(order, "NEW", now))
    return order


def _match(venue: Venue, order: Order, market: Market, *, maker: bool) -> None:
    """Fills what the book gives now; a resting order trades at its own price."""
    wanted = order.rest
    if _reduces(order):
        wanted = min(wanted, _closable(order.account, order))
    limit = _band(venue, order.side, market) if order.price is None else order.price
    eaten = market.available(order.side, wanted, limit)
    market.consume(order.side, eaten)
    for price, quantity in eaten:
        own = order.price if maker and order.price is not None else price
        _fill(venue, order, market, quantity, own, maker=maker)


def _settle_taker(venue: Venue, order: Order) -> None:
    """What becomes of the rest of a new order: it expires, or it joins the book."""
    if order.status not in OPEN:
        return
    rests = order.type == "LIMIT" and order.time_in_force not in ("IOC", "FOK")
    if rests and (not _reduces(order) or _closable(order.account, order)):
        venue.resting.setdefault(order.symbol, {})[order.order_id] = order
        return
    order.expiry_reason = NO_LIQUIDITY if order.type == "MARKET" else 0
    _close(venue, order, "EXPIRED", "expired", HOUSE)


def _fill(
    venue: Venue, order: Order, market: Market, quantity: Decimal, price: Decimal, *, maker: bool
) -> None:
    account, now, elapsed = order.account, venue.clock.now(), venue.clock.elapsed()
    position = account.position(order.symbol, order.position_side)
    realised = position.trade(order.sign * quantity, price)
    position.updated = now
    position.versions.append((elapsed, position.amount, position.entry))
    fee = (price * quantity * (MAKER_FEE if maker else TAKER_FEE)).quantize(CENT_MILLIONTH)
    account.wallet += realised - fee
    order.executed += quantity
    order.quote += price * quantity
    order.updated = now
    order.status = "PARTIALLY_FILLED" if order.rest else "FILLED"
    trade = Trade(next(venue.trade_ids), order, price, quantity, fee, realised, maker, now, elapsed)
    account.trades.append(trade)
    venue.ledger.add("fill", order, quantity, price, now, HOUSE, trade_id=trade.trade_id, fee=fee)
    if order.status == "FILLED":
        _forget(venue, order)
    if venue.listening(account):
        _announce(venue, trade, position, market.mark, now)


def _announce(venue: Venue, trade: Trade, position: Position, mark: Decimal, now: int) -> None:
    account = trade.order.account
    venue.publish(account, events.trade_lite(trade, now))
    venue.publish(account, events.account_update(account, position, mark, now))
    venue.publish(account, events.order_update(trade.order, "TRADE", now, trade))


def _close(venue: Venue, order: Order, status: str, kind: str, arrival: Arrival) -> None:
    now = venue.clock.now()
    order.status, order.updated = status, now
    _forget(venue, order)
    venue.ledger.add(kind, order, order.rest, order.price or ZERO, now, arrival)
    if venue.listening(order.account):
        venue.publish(order.account, events.order_update(order, status, now))


def _forget(venue: Venue, order: Order) -> None:
    """An order that ended leaves the open orders and the book."""
    order.account.open_orders.pop(order.order_id, None)
    venue.resting.get(order.symbol, {}).pop(order.order_id, None)
