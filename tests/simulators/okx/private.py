"""Account endpoints: configuration, balance, positions, leverage, position mode."""

from __future__ import annotations

from decimal import Decimal

from tests.simulators.binance.accounts import MAINTENANCE, Position
from tests.simulators.okx.accounts import Account
from tests.simulators.okx.calls import Call
from tests.simulators.okx.errors import refusal
from tests.simulators.okx.venue import Venue
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain
from tests.simulators.swaps.orders import ZERO
from tests.simulators.swaps.venue import Venue as SwapVenue


def config(venue: Venue, call: Call) -> list[Json]:
    account = call.account
    rights = {"read_only": True, "trade": account.may_trade, "withdraw": account.withdrawals}
    return [
        {
            "acctLv": account.level,
            "autoLoan": False,
            "ip": account.ips,
            "label": account.name,
            "mainUid": "44705892343619584",
            "perm": ",".join(name for name, granted in rights.items() if granted),
            "posMode": "long_short_mode" if account.hedge else "net_mode",
            "uid": "44705892343619584",
        }
    ]


def balance(venue: Venue, call: Call) -> list[Json]:
    account, now = call.account, str(venue.clock.now())
    unrealised = account.unrealised(venue)
    equity = plain(_rounded(account.wallet + unrealised))
    free = plain(_rounded(max(ZERO, account.available(venue))))
    held = plain(_rounded(account.position_margin(venue)))
    row = {
        "availBal": free,
        "availEq": free,
        "cashBal": plain(account.wallet),
        "ccy": "USDT",
        "eq": equity,
        "eqUsd": equity,
        "frozenBal": plain(_rounded(account.order_margin() + account.position_margin(venue))),
        "imr": held,
        "isoEq": "0",
        "ordFrozen": plain(_rounded(account.order_margin())),
        "uTime": now,
        "upl": plain(_rounded(unrealised)),
    }
    asked = call.parameters.get("ccy", "")
    listed = (not asked or "USDT" in asked.split(",")) and account.wallet
    return [
        {
            "adjEq": "",
            "details": [row] if listed else [],
            "imr": "",
            "isoEq": "0",
            "mmr": "",
            "notionalUsd": "",
            "totalEq": equity,
            "uTime": now,
        }
    ]


def positions(venue: Venue, call: Call) -> list[Json]:
    """Open ones as a lagging read sees them."""
    if call.parameters.get("instType", "SWAP") != "SWAP":
        return []
    wanted, until = call.parameters.get("instId", ""), venue.read_time()
    rows = []
    for key, position in sorted(call.account.positions.items()):
        amount, entry = position.as_of(until)
        if amount and (not wanted or key[0] in wanted.split(",")):
            rows.append(_position(venue, call.account, position, amount, entry))
    return rows


def _position(
    venue: SwapVenue[Account], account: Account, position: Position, amount: Decimal, entry: Decimal
) -> Json:
    instrument, mark = venue.instruments[position.symbol], venue.markets[position.symbol].mark
    value = abs(instrument.value(amount, mark))
    leverage = account.leverage(position.symbol)
    upl = _rounded(instrument.value(amount, mark - entry))
    size = plain(amount if position.side == "net" else abs(amount))
    return {
        "adl": "1",
        "availPos": "" if position.side == "net" else size,
        "avgPx": plain(_rounded(entry)),
        "cTime": str(position.updated),
        "ccy": "USDT",
        "imr": plain(_rounded(value / leverage)),
        "instId": position.symbol,
        "instType": "SWAP",
        "last": plain(venue.markets[position.symbol].last),
        "lever": str(leverage),
        "liqPx": "",
        "margin": "",
        "markPx": plain(mark),
        "mgnMode": "cross",
        "mgnRatio": "10",
        "mmr": plain(_rounded(value * MAINTENANCE)),
        "notionalUsd": plain(_rounded(value)),
        "pos": size,
        "posCcy": "",
        "posId": f"{position.symbol}-{position.side}",
        "posSide": position.side,
        "uTime": str(position.updated),
        "upl": plain(upl),
        "uplRatio": plain(_rounded(upl / (value / leverage))) if value else "0",
    }


def set_leverage(venue: Venue, call: Call) -> list[Json]:
    told = call.parameters
    symbol, lever = str(told.get("instId", "")), str(told.get("lever", ""))
    venue.market(symbol)
    if told.get("mgnMode") not in ("cross", "isolated"):
        raise refusal("51000", "mgnMode")
    if not lever.isdecimal() or not int(lever):
        raise refusal("51000", "lever")
    if int(lever) > venue.instruments[symbol].leverage:
        raise refusal("59102")
    call.account.leverages[symbol] = int(lever)
    side = str(told.get("posSide", ""))
    return [{"instId": symbol, "lever": lever, "mgnMode": told["mgnMode"], "posSide": side}]


def leverage_info(venue: Venue, call: Call) -> list[Json]:
    told, account = call.parameters, call.account
    symbol, mode = str(told.get("instId", "")), told.get("mgnMode")
    venue.market(symbol)
    if mode not in ("cross", "isolated"):
        raise refusal("51000", "mgnMode")
    sides = ("long", "short") if account.hedge else ("net",)
    lever = str(account.leverage(symbol))
    return [{"instId": symbol, "mgnMode": mode, "posSide": side, "lever": lever} for side in sides]


def set_position_mode(venue: Venue, call: Call) -> list[Json]:
    mode, account = call.parameters.get("posMode"), call.account
    if mode not in ("long_short_mode", "net_mode"):
        raise refusal("51000", "posMode")
    hedge = mode == "long_short_mode"
    if hedge is not account.hedge and (account.open_orders or any(account.held())):
        raise refusal("59000")
    account.hedge = hedge
    return [{"posMode": mode}]


def currencies(venue: Venue, call: Call) -> list[Json]:
    """One chain of one currency: what ccxt needs to parse."""
    return [
        {
            "canDep": True,
            "canInternal": True,
            "canWd": True,
            "ccy": "USDT",
            "chain": "USDT-TRC20",
            "fee": "1",
            "maxFee": "1",
            "maxWd": "100000",
            "minDep": "1",
            "minFee": "1",
            "minWd": "2",
            "name": "Tether",
            "wdTickSz": "6",
        }
    ]


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("1E-8"))


def position_row(venue: SwapVenue[Account], account: Account, position: Position) -> Json:
    """As it stands now, whatever lagging reads show."""
    return _position(venue, account, position, position.amount, position.entry)
