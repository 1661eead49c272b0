"""What may keep an open from being copied, before its size is asked; the book, after. Closes meet
none of these.

Source: ../shared/spec/execution.md, "Gates at copy time". The first that bites names the reason.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from trading.domain.calendars import MarketState
from trading.domain.ports import InstrumentSpec, Quote, Side
from trading.domain.receipts import Code
from trading.domain.sizing import HUNDRED

if TYPE_CHECKING:
    from trading.domain.decide import Follower, Freshness, SignalTerms

_SHUT = {
    MarketState.CLOSED: Code.MARKET_CLOSED,
    MarketState.CLOSE_ONLY: Code.MARKET_CLOSE_ONLY,
}


class Gated(Exception):
    """The open is not copied; ``code`` says why."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


def check_follower(signal: SignalTerms, who: Follower, now: datetime, freshness: Freshness) -> None:
    """Gates that need no market. Raises :class:`Gated`."""
    limits = who.limits
    late = signal.valid_until is not None and now > signal.valid_until
    aged = now - signal.received_at > timedelta(seconds=limits.max_age)
    stale = who.snapshot_at is None or now - who.snapshot_at > freshness.account
    opposite = who.shorts_there if signal.side is Side.BUY else who.longs_there
    gates = (
        (who.kill, Code.KILL_SWITCH),
        (who.recovering, Code.RECOVERING),
        (late or aged, Code.SIGNAL_TOO_OLD),
        (who.mode == "notify", Code.NOTIFY_ONLY),
        (not who.consented, Code.CONSENT_MISSING),
        (not who.rules.allows(signal.symbol), Code.SYMBOL_NOT_ALLOWED),
        (not who.account_active, Code.ACCOUNT_INACTIVE),
        (who.unresolved, Code.UNRESOLVED_ORDER),
        (stale, Code.STALE_ACCOUNT),
        (opposite, Code.OPPOSITE_POSITION),
        (who.held == 0 and who.open_positions >= limits.max_open, Code.MAX_OPEN),
        (who.opens_today >= limits.max_opens_a_day, Code.DAILY_TRADES),
        (_lost(who), Code.DAILY_LOSS),
    )
    for bites, code in gates:
        if bites:
            raise Gated(code)


def _lost(who: Follower) -> bool:
    """Whether the account is down by the part of the day's starting equity that blocks opens."""
    if who.day_equity <= 0:
        return False
    lost = (who.day_equity - who.equity) * HUNDRED
    return lost >= who.day_equity * who.limits.daily_loss_block_pct


def check_market(
    signal: SignalTerms,
    who: Follower,
    spec: InstrumentSpec | None,
    quote: Quote | None,
    state: MarketState,
    now: datetime,
    freshness: Freshness,
) -> tuple[InstrumentSpec, Decimal]:
    """The instrument, and the price that an order would meet: ask for a buy, bid for a sell.

    Raises :class:`Gated`.
    """
    if spec is None:
        raise Gated(Code.NO_INSTRUMENT)
    if not spec.trading or state is not MarketState.OPEN:
        raise Gated(_SHUT.get(state, Code.MARKET_CLOSED))
    if quote is None or now - quote.at > freshness.quote:
        raise Gated(Code.STALE_PRICE)
    price = quote.ask if signal.side is Side.BUY else quote.bid
    if price <= 0 or quote.bid <= 0:
        raise Gated(Code.STALE_PRICE)
    if signal.entry_price is not None:
        away = abs(price - signal.entry_price) * HUNDRED
        if away > signal.entry_price * who.limits.max_deviation_pct:
            raise Gated(Code.PRICE_DEVIATION)
    if (quote.ask - quote.bid) * HUNDRED > quote.bid * who.limits.max_spread_pct:
        raise Gated(Code.WIDE_SPREAD)
    return spec, price


def on_offer(
    side: Side | None, quote: Quote | None, now: datetime, freshness: Freshness
) -> Decimal | None:
    """Base units that an order of ``side`` may take close to the best price.

    None while the book is not known, or was read too long ago to say anything.
    """
    depth = quote.depth if quote is not None else None
    if depth is None or now - depth.at > freshness.book:
        return None
    return depth.asks if side is Side.BUY else depth.bids


def lacks_depth(
    offered: Decimal | None, who: Follower, quantity: Decimal, price: Decimal
) -> Code | None:
    """Why the book cannot give an order of ``quantity`` several times over; None if it can.

    Without a book small orders pass, and the receipt says that it was not known; larger ones do
    not.
    """
    limits = who.limits
    if offered is None:
        return Code.NO_BOOK if quantity * price > limits.max_blind_notional else None
    return Code.THIN_BOOK if offered < quantity * limits.min_depth else None
