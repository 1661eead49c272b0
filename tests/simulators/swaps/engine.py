"""Accepts, matches, fills and cancels orders; the only place where an order's state changes.

Checks run in the order: duplicate id, reduction, price limit, margin (the venue's own order is not
published anywhere). Sizes are contracts; the ledger is told base units.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.simulators.binance.book import Market
from tests.simulators.binance.ledger import HOUSE, Arrival
from tests.simulators.swaps.accounts import Account
from tests.simulators.swaps.orders import OPEN, ZERO, NewOrder, Order
from tests.simulators.swaps.venue import Venue

BAND = Decimal("0.05")
CENT_MILLIONTH = Decimal("1E-8")


def place(venue: Venue[Any], account: Account, new: NewOrder, arrival: Arrival) -> Order:
    """Accepts and matches an order at once. Raises the venue's refusal when it does not."""
    order = accept(venue, account, new, arrival)
    enter(venue, order)
    return order


def accept(venue: Venue[Any], account: Account, new: NewOrder, arrival: Arrival) -> Order:
    """Accepts an order, which is not matched yet. Raises the venue's refusal."""
    market = venue.markets[new.symbol]
    _check_client_id(venue, account, new.client_id)
    closable = _closable(account, new)
    _check_reduction(venue, new, closable)
    _check_price(venue, new, market)
    _check_margin(venue, account, new, market, closable)
    return _accept(venue, account, new, arrival)


def cancel(venue: Venue[Any], order: Order, arrival: Arrival) -> None:
    """Cancels an open order. Refuses one that is not open any more."""
    if order.state not in OPEN:
        raise venue.refuse("not_open")
    _close(venue, order, "cancelled", arrival)


def reject(venue: Venue[Any], order: Order) -> None:
    """Ends an accepted order before it was matched."""
    _close(venue, order, "rejected", HOUSE)


def liquidate(venue: Venue[Any], account: Account) -> int:
    """Closes every position by an order of the venue's own; returns how many."""
    held = list(account.held())
    for position in held:
        order = NewOrder(
            instrument=venue.instruments[position.symbol],
            side="sell" if position.amount > 0 else "buy",
            position_side=position.side,
            type="market",
            quantity=abs(position.amount),
            price=None,
            reduce_only=position.side == "net",
            client_id="",
            forced=True,
        )
        place(venue, account, order, HOUSE)
    return len(held)


def rematch(venue: Venue[Any], symbol: str) -> None:
    """Fills the resting orders that the current prices cross, oldest first."""
    market = venue.market(symbol)
    for order in list(venue.resting.get(symbol, {}).values()):
        if order.price is not None and market.crosses(order.side.upper(), order.price):
            _match(venue, order, market, maker=True)
            emptied = _reduces(order) and not _closable(order.account, order)
            if emptied and order.state in OPEN:
                _close(venue, order, "expired", HOUSE)


def _check_client_id(venue: Venue[Any], account: Account, client_id: str) -> None:
    known = account.by_client_id.get(client_id) if client_id else None
    if known and (venue.modes.unique_among == "all" or known.state in OPEN):
        raise venue.refuse("duplicate")


def _closable(account: Account, order: NewOrder | Order) -> Decimal:
    """How many contracts of the held position the order would close (0 when it would add)."""
    position = account.positions.get((order.symbol, order.position_side))
    held = position.amount if position else ZERO
    return ZERO if (held > 0) == (order.side == "buy") else abs(held)


def _reduces(order: NewOrder | Order) -> bool:
    """Reduce-only by flag, or by what selling long and buying short mean in long/short mode."""
    closing = {"long": "sell", "short": "buy"}.get(order.position_side)
    return order.reduce_only or closing == order.side


def _check_reduction(venue: Venue[Any], new: NewOrder, closable: Decimal) -> None:
    if not _reduces(new):
        return
    if not closable:
        raise venue.refuse("nothing_to_reduce")
    closes = new.position_side != "net" and not new.reduce_only
    strict = closes or venue.modes.reduce_only_excess == "reject"
    if new.quantity > closable and strict:
        raise venue.refuse("beyond_position")


def _check_price(venue: Venue[Any], new: NewOrder, market: Market) -> None:
    if new.price is None:
        return
    worst = market.mark * (1 + BAND if new.side == "buy" else 1 - BAND)
    if new.price > worst if new.side == "buy" else new.price < worst:
        raise venue.refuse("price_band")


def _check_margin(
    venue: Venue[Any], account: Account, new: NewOrder, market: Market, closable: Decimal
) -> None:
    opening = ZERO if _reduces(new) else max(ZERO, new.quantity - closable)
    price = new.price or market.best(new.side.upper()) or market.mark
    leverage = account.leverage(new.symbol)
    freed = new.instrument.value(closable, market.mark) / leverage
    needed = new.instrument.value(opening, price) / leverage
    if opening and needed > account.available(venue) + freed:
        raise venue.refuse("no_margin")


def _accept(venue: Venue[Any], account: Account, new: NewOrder, arrival: Arrival) -> Order:
    now, order_id = venue.clock.now(), next(venue.order_ids)
    order = venue.order_type(
        account=account,
        instrument=new.instrument,
        order_id=order_id,
        client_id=new.client_id,
        side=new.side,
        position_side=new.position_side,
        type=new.type,
        quantity=new.quantity,
        price=new.price,
        reduce_only=new.reduce_only,
        margin_mode=new.margin_mode,
        tag=new.tag,
        forced=new.forced,
        created=now,
        updated=now,
        seen_from=venue.clock.elapsed(),
    )
    account.orders[order_id] = order
    if order.client_id:
        account.by_client_id[order.client_id] = order
    account.open_orders[order_id] = order
    size = order.quantity * order.instrument.contract
    venue.ledger.add("accepted", order, size, order.price or ZERO, now, arrival)
    venue.tell(order, None)
    return order


def enter(venue: Venue[Any], order: Order) -> None:
    """Matches an accepted order; then its rest joins the book, or ends."""
    market = venue.markets[order.symbol]
    crossing = order.price is not None and market.crosses(order.side.upper(), order.price)
    if order.type == "post_only" and crossing:
        return _close(venue, order, "expired", HOUSE)
    if order.type != "fok" or _fillable(order, market):
        _match(venue, order, market, maker=False)
    if order.state not in OPEN:
        return None
    rests = order.type in ("limit", "post_only")
    if rests and (not _reduces(order) or _closable(order.account, order)):
        venue.resting.setdefault(order.symbol, {})[order.order_id] = order
        return None
    return _close(venue, order, "expired", HOUSE)


def _fillable(order: Order, market: Market) -> bool:
    eaten = market.available(order.side.upper(), order.quantity, order.price)
    return sum((quantity for _, quantity in eaten), ZERO) == order.quantity


def _match(venue: Venue[Any], order: Order, market: Market, *, maker: bool) -> None:
    """Fills what the book gives now; a resting order trades at its own price."""
    wanted = order.rest
    if _reduces(order):
        wanted = min(wanted, _closable(order.account, order))
    side = order.side.upper()
    eaten = market.available(side, wanted, order.price)
    market.consume(side, eaten)
    for price, quantity in eaten:
        own = order.price if maker and order.price is not None else price
        _fill(venue, order, quantity, own, maker=maker)


def _fill(
    venue: Venue[Any], order: Order, quantity: Decimal, price: Decimal, *, maker: bool
) -> None:
    account, instrument = order.account, order.instrument
    now, elapsed = venue.clock.now(), venue.clock.elapsed()
    position = account.position(order.symbol, order.position_side)
    realised = position.trade(order.sign * quantity, price) * instrument.contract
    position.updated = now
    position.versions.append((elapsed, position.amount, position.entry))
    rate = venue.maker_fee if maker else venue.taker_fee
    fee = (instrument.value(quantity, price) * rate).quantize(CENT_MILLIONTH)
    account.wallet += realised - fee
    order.executed += quantity
    order.quote += price * quantity
    order.fee += fee
    order.realised += realised
    order.updated = now
    order.state = "partly" if order.rest else "filled"
    trade = venue.trade_type(
        next(venue.trade_ids), order, price, quantity, fee, realised, maker, order.rest, now,
        elapsed,
    )  # fmt: skip
    order.last = trade
    account.trades.append(trade)
    size = quantity * instrument.contract
    venue.ledger.add("fill", order, size, price, now, HOUSE, trade_id=trade.trade_id, fee=fee)
    if order.state == "filled":
        _forget(venue, order)
    venue.tell(order, trade)


def _close(venue: Venue[Any], order: Order, kind: str, arrival: Arrival) -> None:
    """``kind`` is the ledger's word: cancelled, expired or rejected."""
    now = venue.clock.now()
    order.state = "rejected" if kind == "rejected" else "cancelled"
    order.ended, order.updated = kind, now
    _forget(venue, order)
    size = order.rest * order.instrument.contract
    venue.ledger.add(kind, order, size, order.price or ZERO, now, arrival)
    venue.tell(order, None)


def _forget(venue: Venue[Any], order: Order) -> None:
    """An order that ended leaves the open orders and the book."""
    order.account.open_orders.pop(order.order_id, None)
    venue.resting.get(order.symbol, {}).pop(order.order_id, None)
