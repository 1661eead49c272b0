"""Account endpoints: what is held, the keys."""

from __future__ import annotations

from decimal import Decimal

from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain
from tests.simulators.upbit.calls import Call
from tests.simulators.upbit.venue import Venue


def accounts(venue: Venue, call: Call) -> list[Json]:
    """Won, and each coin that is held, as a lagging read sees it."""
    account, until = call.account, venue.read_time()
    locked = account.order_margin()
    rows = [_row("KRW", account.won() - locked, locked, Decimal(0))]
    for (symbol, _), position in sorted(account.positions.items()):
        amount, entry = position.as_of(until)
        waiting = account.locked(symbol)
        if amount:
            rows.append(_row(symbol.partition("-")[2], amount - waiting, waiting, entry))
    return rows


def _row(currency: str, free: Decimal, locked: Decimal, paid: Decimal) -> Json:
    return {
        "currency": currency,
        "balance": plain(free),
        "locked": plain(locked),
        "avg_buy_price": plain(paid.quantize(Decimal("1E-8"))),
        "avg_buy_price_modified": False,
        "unit_currency": "KRW",
    }


def api_keys(venue: Venue, call: Call) -> list[Json]:
    """Nothing of rights."""
    return [{"access_key": call.account.api_key, "expire_at": "2027-11-21T09:00:00+09:00"}]
