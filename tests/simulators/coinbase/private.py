"""Account endpoints: the key's rights, the futures balance, positions."""

from __future__ import annotations

from decimal import Decimal

from tests.simulators.coinbase.calls import Call
from tests.simulators.coinbase.errors import refusal
from tests.simulators.coinbase.venue import Venue
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain
from tests.simulators.swaps.orders import ZERO


def key_permissions(venue: Venue, call: Call) -> Json:
    return {
        "can_view": True,
        "can_trade": call.account.may_trade,
        "can_transfer": call.account.withdrawals,
        "portfolio_uuid": "11111111-1111-1111-1111-111111111111",
        "portfolio_type": "DEFAULT",
    }


def transaction_summary(venue: Venue, call: Call) -> Json:
    """The fee tier: what ccxt asks while it loads markets with keys."""
    rates = {"taker_fee_rate": plain(venue.taker_fee), "maker_fee_rate": plain(venue.maker_fee)}
    return {"total_volume": 0, "total_fees": 0, "fee_tier": {"pricing_tier": "", **rates}}


def balance_summary(venue: Venue, call: Call) -> Json:
    """Nothing for a person without a futures account (assumed: no source shows that answer)."""
    account = call.account
    if not account.futures:
        return {"balance_summary": None}
    unrealised = account.unrealised(venue)
    told = {
        "futures_buying_power": max(ZERO, account.available(venue)),
        "total_usd_balance": account.wallet,
        "cbi_usd_balance": ZERO,
        "cfm_usd_balance": account.wallet,
        "total_open_orders_hold_amount": account.order_margin(),
        "unrealized_pnl": unrealised,
        "daily_realized_pnl": ZERO,
        "initial_margin": account.position_margin(venue),
        "available_margin": max(ZERO, account.available(venue)),
    }
    return {"balance_summary": {name: _money(value) for name, value in told.items()}}


def positions(venue: Venue, call: Call) -> Json:
    """Open ones as a lagging read sees them; sizes without a sign."""
    if not call.account.futures:
        raise refusal("NOT_FOUND", "no futures account")
    until = venue.read_time()
    rows = []
    for (symbol, _), position in sorted(call.account.positions.items()):
        amount, entry = position.as_of(until)
        if amount:
            mark, instrument = venue.markets[symbol].mark, venue.instruments[symbol]
            rows.append(
                {
                    "product_id": symbol,
                    "expiration_time": "2030-12-20T16:00:00Z",
                    "side": "LONG" if amount > 0 else "SHORT",
                    "number_of_contracts": plain(abs(amount)),
                    "current_price": plain(mark),
                    "avg_entry_price": plain(entry.quantize(Decimal("1E-8"))),
                    "unrealized_pnl": plain(instrument.value(amount, mark - entry)),
                    "daily_realized_pnl": "0",
                }
            )
    return {"positions": rows}


def _money(value: Decimal) -> Json:
    return {"value": plain(value.quantize(Decimal("1E-8"))), "currency": "USD"}
