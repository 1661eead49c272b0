"""How an account's positions and balances look on the wire (wire-facts §1.6)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.simulators.binance.accounts import MAINTENANCE, Account, Position
from tests.simulators.binance.orders import ZERO, plain
from tests.simulators.binance.venue import Venue

Json = dict[str, Any]


def positions(venue: Venue, account: Account, symbol: str | None) -> list[Json]:
    """positionRisk v3 rows as a lagging read sees them."""
    if symbol:
        venue.market(symbol)
    until = venue.read_time()
    ordered = {
        (order.symbol, order.position_side)
        for order in account.open_orders.values()
        if venue.shown(order)
    }
    rows = []
    for key in sorted({*account.positions, *ordered}):
        position = account.positions.get(key) or Position(*key)
        amount, entry = position.as_of(until)
        if (amount or key in ordered) and symbol in (None, "", key[0]):
            rows.append(_position(venue, account, position, amount, entry))
    return rows


def positions_v2(venue: Venue, account: Account, symbol: str) -> list[Json]:
    """One row per position side of the account's mode, flat ones included."""
    rows = []
    leverage = account.leverage(symbol)
    for side in ("LONG", "SHORT") if account.hedge else ("BOTH",):
        position = account.positions.get((symbol, side)) or Position(symbol, side)
        amount, entry = position.as_of(venue.read_time())
        wire = _position(venue, account, position, amount, entry)
        rows.append(
            wire
            | {
                "leverage": str(leverage),
                "marginType": "isolated" if symbol in account.isolated else "cross",
                "isAutoAddMargin": "false",
                "maxNotionalValue": plain(venue.rules[symbol].notional_cap(leverage)),
            }
        )
    return rows


def _position(
    venue: Venue, account: Account, position: Position, amount: Decimal, entry: Decimal
) -> Json:
    mark = venue.markets[position.symbol].mark
    notional = amount * mark
    margin = plain(_rounded(abs(notional) / account.leverage(position.symbol)))
    return {
        "symbol": position.symbol,
        "positionSide": position.side,
        "positionAmt": plain(amount),
        "entryPrice": plain(_rounded(entry)),
        "breakEvenPrice": plain(_rounded(entry)),
        "markPrice": plain(mark),
        "unRealizedProfit": plain(_rounded((mark - entry) * amount)),
        "liquidationPrice": "0",
        "isolatedMargin": "0",
        "notional": plain(_rounded(notional)),
        "marginAsset": "USDT",
        "isolatedWallet": "0",
        "initialMargin": margin,
        "maintMargin": plain(_rounded(abs(notional) * MAINTENANCE)),
        "positionInitialMargin": margin,
        "openOrderInitialMargin": "0",
        "adl": 0,
        "bidNotional": "0",
        "askNotional": "0",
        "updateTime": position.updated,
    }


def balance(venue: Venue, account: Account) -> Json:
    """The USDT row of balance v3."""
    available = plain(_rounded(max(ZERO, account.available(venue.markets))))
    wallet = plain(account.wallet)
    return {
        "accountAlias": account.name,
        "asset": "USDT",
        "balance": wallet,
        "crossWalletBalance": wallet,
        "crossUnPnl": plain(_rounded(account.unrealised(venue.markets))),
        "availableBalance": available,
        "maxWithdrawAmount": available,
        "marginAvailable": True,
        "updateTime": venue.clock.now(),
    }


def account(venue: Venue, account: Account) -> Json:
    """account v3: totals, assets and positions."""
    unrealised = account.unrealised(venue.markets)
    held, ordered = account.position_margin(venue.markets), account.order_margin()
    maintenance = sum(
        (abs(p.amount) * venue.markets[p.symbol].mark * MAINTENANCE for p in account.held()), ZERO
    )
    available = plain(_rounded(max(ZERO, account.available(venue.markets))))
    wallet = plain(account.wallet)
    margins = {
        "initialMargin": plain(_rounded(held + ordered)),
        "maintMargin": plain(_rounded(maintenance)),
        "positionInitialMargin": plain(_rounded(held)),
        "openOrderInitialMargin": plain(_rounded(ordered)),
    }
    sums = {
        "walletBalance": wallet,
        "unrealizedProfit": plain(_rounded(unrealised)),
        "marginBalance": plain(_rounded(account.wallet + unrealised)),
        **margins,
        "crossWalletBalance": wallet,
        "crossUnPnl": plain(_rounded(unrealised)),
    }
    totals = {f"total{name[0].upper()}{name[1:]}": value for name, value in sums.items()}
    free = {"availableBalance": available, "maxWithdrawAmount": available}
    asset = {"asset": "USDT", **sums, **free, "updateTime": venue.clock.now()}
    return {**totals, **free, "assets": [asset], "positions": _account_positions(venue, account)}


def _account_positions(venue: Venue, account: Account) -> list[Json]:
    names = (
        "symbol", "positionSide", "positionAmt", "notional", "isolatedMargin", "isolatedWallet",
        "initialMargin", "maintMargin", "updateTime",
    )  # fmt: skip
    return [
        {name: row[name] for name in names} | {"unrealizedProfit": row["unRealizedProfit"]}
        for row in positions(venue, account, None)
    ]


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("1E-8"))
