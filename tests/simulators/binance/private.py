"""Account endpoints: positions, balances, trades, settings, listen keys, key permissions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.simulators.binance import events, shapes
from tests.simulators.binance.calls import Call
from tests.simulators.binance.errors import Refusal, refusal
from tests.simulators.binance.intake import flag, needed, rules_of, whole
from tests.simulators.binance.orders import plain
from tests.simulators.binance.venue import Venue

Json = dict[str, Any]
WEEK = 7 * 86_400_000


def position_risk_v3(venue: Venue, call: Call) -> list[Json]:
    """Only symbols with a position or open orders: absence means flat."""
    return shapes.positions(venue, call.account, call.parameters.get("symbol"))


def position_risk_v2(venue: Venue, call: Call) -> list[Json]:
    """Every symbol, with leverage and margin type."""
    symbol = call.parameters.get("symbol")
    if symbol:
        venue.market(symbol)
    wanted = [symbol] if symbol else list(venue.rules)
    return [row for name in wanted for row in shapes.positions_v2(venue, call.account, name)]


def account_v3(venue: Venue, call: Call) -> Json:
    return shapes.account(venue, call.account)


def balance_v3(venue: Venue, call: Call) -> list[Json]:
    return [shapes.balance(venue, call.account)]


def user_trades(venue: Venue, call: Call) -> list[Json]:
    """Raises -1127 for more than seven days, -1106 for ``fromId`` together with times."""
    symbol = rules_of(call.parameters, venue.rules).symbol
    start, end = call.parameters.get("startTime"), call.parameters.get("endTime")
    from_id = whole(call.parameters, "fromId", 0)
    if from_id and (start or end):
        raise refusal(-1106, "fromId")
    now = venue.clock.now()
    last = whole(call.parameters, "endTime", now if not start else int(start) + WEEK)
    first = whole(call.parameters, "startTime", 0 if from_id else last - WEEK)
    if not from_id and last - first > WEEK:
        raise refusal(-1127)
    order_id = whole(call.parameters, "orderId", 0)
    limit = min(whole(call.parameters, "limit", 500), 1000)
    found = [
        trade.to_wire()
        for trade in call.account.trades
        if trade.order.symbol == symbol
        and first <= trade.at <= last
        and trade.trade_id >= from_id
        and (not order_id or trade.order.order_id == order_id)
        and venue.shown(trade)
    ]
    return found[:limit] if from_id or start else found[-limit:]


def set_leverage(venue: Venue, call: Call) -> Json:
    rules, account = rules_of(call.parameters, venue.rules), call.account
    leverage = whole(call.parameters, "leverage")
    if not 1 <= leverage <= rules.max_leverage:
        raise refusal(-4028, leverage)
    before = account.leverage(rules.symbol)
    account.leverages[rules.symbol] = leverage
    if leverage < before and account.available(venue.markets) < 0:
        account.leverages[rules.symbol] = before
        raise refusal(-2028)
    if leverage != before:
        now = venue.clock.now()
        venue.publish(account, events.leverage_update(rules.symbol, leverage, now))
    cap = plain(rules.notional_cap(leverage).to_integral_value())
    return {"leverage": leverage, "maxNotionalValue": cap, "symbol": rules.symbol}


def set_margin_type(venue: Venue, call: Call) -> Json:
    symbol, account = rules_of(call.parameters, venue.rules).symbol, call.account
    wanted = needed(call.parameters, "marginType")
    if wanted not in ("ISOLATED", "CROSSED"):
        raise refusal(-1130, "marginType")
    isolated = wanted == "ISOLATED"
    if isolated == (symbol in account.isolated):
        raise refusal(-4046)
    if any(order.symbol == symbol for order in account.open_orders.values()):
        raise refusal(-4047)
    if any(position.symbol == symbol for position in account.held()):
        raise refusal(-4048)
    account.isolated ^= {symbol}
    market, now = venue.market(symbol), venue.clock.now()
    position = account.position(symbol, "BOTH")
    reason = "MARGIN_TYPE_CHANGE"
    venue.publish(account, events.account_update(account, position, market.mark, now, reason))
    return {"code": 200, "msg": "success"}


def position_mode(venue: Venue, call: Call) -> Json:
    return {"dualSidePosition": call.account.hedge}


def set_position_mode(venue: Venue, call: Call) -> Json:
    needed(call.parameters, "dualSidePosition")
    wanted, account = flag(call.parameters, "dualSidePosition"), call.account
    if wanted == account.hedge:
        raise refusal(-4059)
    if account.open_orders:
        raise refusal(-4067)
    if any(account.held()):
        raise refusal(-4068)
    account.hedge = wanted
    return {"code": 200, "msg": "success"}


def leverage_bracket(venue: Venue, call: Call) -> list[Json]:
    symbol = call.parameters.get("symbol")
    if symbol:
        venue.market(symbol)
    rows = [venue.rules[symbol]] if symbol else list(venue.rules.values())
    return [
        {
            "symbol": rules.symbol,
            "notionalCoef": 1,
            "brackets": [
                {
                    "bracket": 1,
                    "initialLeverage": rules.max_leverage,
                    "notionalCap": 50_000_000 // rules.max_leverage,
                    "notionalFloor": 0,
                    "maintMarginRatio": 0.004,
                    "cum": 0.0,
                },
                {
                    "bracket": 2,
                    "initialLeverage": 1,
                    "notionalCap": 50_000_000,
                    "notionalFloor": 50_000_000 // rules.max_leverage,
                    "maintMarginRatio": 0.1,
                    "cum": 0.0,
                },
            ],
        }
        for rules in rows
    ]


def symbol_config(venue: Venue, call: Call) -> list[Json]:
    symbol, account = call.parameters.get("symbol"), call.account
    if symbol:
        venue.market(symbol)
    return [
        {
            "symbol": name,
            "marginType": "ISOLATED" if name in account.isolated else "CROSSED",
            "isAutoAddMargin": False,
            "leverage": account.leverage(name),
            "maxNotionalValue": plain(Decimal(50_000_000) // account.leverage(name)),
        }
        for name in ([symbol] if symbol else venue.rules)
    ]


def account_config(venue: Venue, call: Call) -> Json:
    account = call.account
    return {
        "feeTier": 0,
        "canTrade": account.may_trade,
        "canDeposit": True,
        "canWithdraw": account.withdrawals,
        "dualSidePosition": account.hedge,
        "updateTime": 0,
        "multiAssetsMargin": False,
        "tradeGroupId": -1,
    }


def commission_rate(venue: Venue, call: Call) -> Json:
    symbol = rules_of(call.parameters, venue.rules).symbol
    return {"symbol": symbol, "makerCommissionRate": "0.0002", "takerCommissionRate": "0.0005"}


def api_restrictions(venue: Venue, call: Call) -> Json:
    """What the key may do (served by the spot host on the real venue)."""
    account = call.account
    return {
        "ipRestrict": account.ip_restricted,
        "createTime": 1_700_000_000_000,
        "enableReading": True,
        "enableWithdrawals": account.withdrawals,
        "enableInternalTransfer": False,
        "enableMargin": False,
        "enableFutures": account.may_trade,
        "permitsUniversalTransfer": False,
        "enableVanillaOptions": False,
        "enableFixApiTrade": False,
        "enableFixReadOnly": False,
        "enableSpotAndMarginTrading": False,
        "enablePortfolioMarginTrading": False,
    }


def no_rows(venue: Venue, call: Call) -> list[Json]:
    """Spot calls that ccxt makes while it loads markets; this venue has no spot side."""
    return []


def open_listen_key(venue: Venue, call: Call) -> Json:
    return {"listenKey": call.hub.open_key(call.account)}


def renew_listen_key(venue: Venue, call: Call) -> Json:
    return {"listenKey": call.hub.renew_key(call.account)}


def close_listen_key(venue: Venue, call: Call) -> Json:
    call.hub.close_key(call.account)
    return {}


def unknown_endpoint(path: str) -> Refusal:
    return Refusal(-5000, f"Path {path}, Method is invalid", 404)
