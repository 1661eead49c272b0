"""Account endpoints: the key, the account, balance, positions, leverage, modes."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from tests.simulators.binance.accounts import MAINTENANCE, Position
from tests.simulators.bybit.accounts import Account
from tests.simulators.bybit.calls import Call
from tests.simulators.bybit.errors import refusal, wrong
from tests.simulators.bybit.orders import POSITIONS
from tests.simulators.bybit.venue import Venue
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain
from tests.simulators.swaps.orders import ZERO
from tests.simulators.swaps.venue import Venue as SwapVenue

_MARGIN_MODES = ("ISOLATED_MARGIN", "REGULAR_MARGIN", "PORTFOLIO_MARGIN")


def api_key(venue: Venue, call: Call) -> Json:
    account = call.account
    trades = account.may_trade
    return {
        "id": "2208369",
        "note": account.name,
        "apiKey": account.api_key,
        "readOnly": int(account.read_only),
        "secret": "",
        "permissions": {
            "ContractTrade": ["Order", "Position"] if trades else [],
            "Spot": [],
            "Wallet": ["AccountTransfer", *(["Withdraw"] if account.withdrawals else [])],
            "Options": [],
            "Derivatives": ["DerivativesTrade"] if trades else [],
            "Exchange": [],
        },
        "ips": account.ips.split(",") if account.ips else ["*"],
        "type": 1,
        "deadlineDay": -2 if account.ips else 83,
        "unified": 0,
        "uta": int(account.unified),
        "userID": 1448939,
        "isMaster": True,
        "parentUid": "0",
    }


def account_info(venue: Venue, call: Call) -> Json:
    return {
        "marginMode": call.account.margin_mode,
        "updatedTime": str(venue.clock.now()),
        "unifiedMarginStatus": 6 if call.account.unified else 1,
        "dcpStatus": "OFF",
        "timeWindow": 0,
        "smpGroup": 0,
        "isMasterTrader": False,
        "spotHedgingStatus": "OFF",
    }


def wallet_balance(venue: Venue, call: Call) -> Json:
    """Account-wide figures are empty where margin is isolated, as documented."""
    account = call.account
    if call.text("accountType") != "UNIFIED" or not account.unified:
        raise wrong("accountType invalid")
    unrealised = account.unrealised(venue)
    held, ordered = account.position_margin(venue), account.order_margin()
    free = max(ZERO, account.available(venue))
    row = {
        "coin": "USDT",
        "equity": _plain(account.wallet + unrealised),
        "usdValue": _plain(account.wallet + unrealised),
        "walletBalance": plain(account.wallet),
        "locked": "0",
        "borrowAmount": "0",
        "accruedInterest": "0",
        "totalOrderIM": _plain(ordered),
        "totalPositionIM": _plain(held),
        "totalPositionMM": _plain(held * MAINTENANCE),
        "unrealisedPnl": _plain(unrealised),
        "cumRealisedPnl": "0",
        "availableToWithdraw": "",
        "marginCollateral": True,
        "collateralSwitch": True,
    }
    asked = call.text("coin")
    listed = "USDT" in asked.split(",") if asked else True
    whole = account.margin_mode != "ISOLATED_MARGIN"
    summed = {
        "totalEquity": _plain(account.wallet + unrealised),
        "totalWalletBalance": _plain(account.wallet),
        "totalMarginBalance": _plain(account.wallet + unrealised) if whole else "",
        "totalAvailableBalance": _plain(free) if whole else "",
        "totalPerpUPL": _plain(unrealised) if whole else "",
        "totalInitialMargin": _plain(held + ordered) if whole else "",
    }
    coins = [row] if listed and account.wallet else []
    return {"list": [{"accountType": "UNIFIED", **summed, "coin": coins}]}


def positions(venue: Venue, call: Call) -> Json:
    """Open ones as a lagging read sees them; by symbol also those that are flat."""
    symbol, coin = call.text("symbol"), call.text("settleCoin")
    if not (symbol or coin):
        raise wrong("symbol or settleCoin is required")
    if symbol:
        venue.market(symbol)
    account = call.account
    until = venue.read_time()
    rows = [
        _position(venue, account, position, *position.as_of(until))
        for position in _asked(account, symbol)
        if symbol or (coin == "USDT" and position.as_of(until)[0])
    ]
    return {"category": "linear", "list": rows, "nextPageCursor": ""}


def _asked(account: Account, symbol: str) -> Iterable[Position]:
    if symbol:
        sides = ("long", "short") if account.hedge else ("net",)
        return [account.position(symbol, side) for side in sides]
    return [position for _, position in sorted(account.positions.items())]


def _position(
    venue: SwapVenue[Account], account: Account, position: Position, amount: Decimal, entry: Decimal
) -> Json:
    mark = venue.markets[position.symbol].mark
    value = abs(amount) * mark
    leverage = account.leverage(position.symbol)
    return {
        "positionIdx": POSITIONS[position.side],
        "riskId": 1,
        "riskLimitValue": "2000000",
        "symbol": position.symbol,
        "side": "" if not amount else "Buy" if amount > 0 else "Sell",
        "size": plain(abs(amount)),
        "avgPrice": _plain(entry),
        "positionValue": _plain(value),
        "tradeMode": 0,
        "positionStatus": "Normal",
        "autoAddMargin": 0,
        "adlRankIndicator": 2,
        "leverage": str(leverage),
        "markPrice": plain(mark),
        "liqPrice": "",
        "positionMM": _plain(value * MAINTENANCE),
        "positionIM": _plain(value / leverage),
        "takeProfit": "",
        "stopLoss": "",
        "unrealisedPnl": _plain(amount * (mark - entry)),
        "curRealisedPnl": _plain(position.realised),
        "cumRealisedPnl": _plain(position.realised),
        "seq": position.updated % 10**9,
        "isReduceOnly": False,
        "createdTime": str(position.updated),
        "updatedTime": str(position.updated),
    }


def set_leverage(venue: Venue, call: Call) -> Json:
    account, symbol, leverage = call.account, call.text("symbol"), _leverage(venue, call)
    if account.leverage(symbol) == leverage:
        raise refusal(110043)
    account.leverages[symbol] = leverage
    return {}


def _leverage(venue: Venue, call: Call) -> int:
    symbol, asked = call.text("symbol"), call.text("buyLeverage")
    venue.market(symbol)
    if not asked.isdecimal() or asked != call.text("sellLeverage") or not int(asked):
        raise wrong("buyLeverage invalid")
    if int(asked) > venue.instruments[symbol].leverage:
        raise refusal(110013)
    return int(asked)


def switch_mode(venue: Venue, call: Call) -> Json:
    """``mode``: 0 one-way, 3 hedge."""
    account, mode = call.account, call.parameters.get("mode")
    if mode not in (0, 3):
        raise wrong("mode invalid")
    if (mode == 3) is account.hedge:
        raise refusal(110025)
    if any(account.held()):
        raise refusal(110024)
    if account.open_orders:
        raise refusal(110028)
    account.hedge = mode == 3
    return {}


def switch_isolated(venue: Venue, call: Call) -> Json:
    """By instrument, and only for accounts of the old kind. ``tradeMode``: 0 cross, 1 isolated."""
    account, leverage = call.account, _leverage(venue, call)
    mode = {0: "REGULAR_MARGIN", 1: "ISOLATED_MARGIN"}.get(call.parameters.get("tradeMode", -1))
    if account.unified:
        raise refusal(100028)
    if mode is None:
        raise wrong("tradeMode invalid")
    if mode == account.margin_mode:
        raise refusal(110026)
    account.margin_mode = mode
    account.leverages[call.text("symbol")] = leverage
    return {}


def set_margin_mode(venue: Venue, call: Call) -> Json:
    """For the whole of a unified account."""
    if not call.account.unified:
        raise refusal(10028)
    if call.text("setMarginMode") not in _MARGIN_MODES:
        raise wrong("setMarginMode invalid")
    call.account.margin_mode = call.text("setMarginMode")
    return {"reasons": []}


def coins(venue: Venue, call: Call) -> Json:
    """One chain of one currency: what ccxt needs to parse."""
    chain = {
        "chainType": "TRC20",
        "confirmation": "100",
        "withdrawFee": "1",
        "depositMin": "0",
        "withdrawMin": "2",
        "chain": "TRX",
        "chainDeposit": "1",
        "chainWithdraw": "1",
        "minAccuracy": "6",
        "withdrawPercentageFee": "0",
        "contractAddress": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
    }
    return {"rows": [{"name": "USDT", "coin": "USDT", "remainAmount": "1000", "chains": [chain]}]}


def _plain(value: Decimal) -> str:
    return plain(value.quantize(Decimal("1E-8")))


def position_row(venue: SwapVenue[Account], account: Account, position: Position) -> Json:
    """As it stands now, whatever lagging reads show."""
    return _position(venue, account, position, position.amount, position.entry)
