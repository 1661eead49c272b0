"""The control API under ``/_sim/``: accounts, prices, faults and the ledger, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulators.binance import algo, engine, income
from tests.simulators.binance.book import Level
from tests.simulators.binance.ledger import told
from tests.simulators.movements import read_movements

if TYPE_CHECKING:
    from tests.simulators.binance.server import BinanceSimulator

Json = dict[str, Any]


def set_price(simulator: BinanceSimulator, body: Json) -> Json:
    """``{symbol, mark, bid?, ask?, last?}`` or ``{"prices": {symbol: mark}}``; then matches."""
    venue = simulator.venue
    quotes = [{"symbol": s, "mark": m} for s, m in body.get("prices", {}).items()] or [body]
    for entry in quotes:
        parts = {n: Decimal(str(entry[n])) for n in ("bid", "ask", "last") if n in entry}
        venue.quote(entry["symbol"], Decimal(str(entry["mark"])), **parts)
        engine.rematch(venue, entry["symbol"])
        algo.run_triggers(venue, entry["symbol"])
    return {"set": len(quotes)}


def set_book(simulator: BinanceSimulator, body: Json) -> Json:
    """``{symbol, bids?, asks?, replenish?}``: ``[[price, quantity], …]`` best first; an empty list
    is an empty side, null endless depth at the best price."""
    market = simulator.venue.market(body["symbol"])
    market.bids, market.asks = _levels(body.get("bids")), _levels(body.get("asks"))
    market.replenish = bool(body.get("replenish", False))
    engine.rematch(simulator.venue, market.symbol)
    return {"symbol": market.symbol}


def _levels(levels: Iterable[Iterable[Any]] | None) -> list[Level] | None:
    if levels is None:
        return None
    return [(Decimal(str(price)), Decimal(str(quantity))) for price, quantity in levels]


def add_accounts(simulator: BinanceSimulator, body: Any) -> Json:
    """A list of accounts (or ``{"accounts": […]}``); existing keys are changed."""
    listed = body["accounts"] if isinstance(body, dict) else body
    for settings in listed:
        simulator.venue.add_account(settings)
    return {"accounts": len(simulator.venue.accounts)}


def change_filters(simulator: BinanceSimulator, body: Json) -> Json:
    changes = {name: value for name, value in body.items() if name != "symbol"}
    simulator.venue.change_rules(body["symbol"], changes)
    return simulator.venue.rules[body["symbol"]].to_wire()


def inject(simulator: BinanceSimulator, body: Json) -> Json:
    """Modes (``read_lag``, ``clock_skew``, ``advance``, ``unique_among``, ``reduce_only_excess``,
    ``maintenance``, ``ban`` {retry_after s}), a ``stream`` fault, and a script when ``action`` is
    there. Raises ValueError or TypeError for what is not understood."""
    rest = dict(body)
    for name, apply in _MODES.items():
        if name in rest:
            apply(simulator, rest.pop(name))
    if "stream" in rest:
        simulator.hub.inject(rest.pop("stream"), simulator.venue.accounts)
    script = simulator.faults.add(rest) if rest else None
    return {"id": script.id if script else 0}


def _set_unique(simulator: BinanceSimulator, value: str) -> None:
    if value not in ("open", "all"):
        raise ValueError(f"unique_among must be open or all, not {value!r}")
    simulator.venue.modes.unique_among = value


def _set_excess(simulator: BinanceSimulator, value: str) -> None:
    if value not in ("clip", "reject"):
        raise ValueError(f"reduce_only_excess must be clip or reject, not {value!r}")
    simulator.venue.modes.reduce_only_excess = value


def _ban(simulator: BinanceSimulator, settings: Json) -> None:
    length = int(settings.get("retry_after", 120)) * 1000
    venue = simulator.venue
    venue.limits.scripted_ban_until = venue.clock.now() + length if length else 0


def _set_lag(simulator: BinanceSimulator, value: int) -> None:
    simulator.venue.modes.read_lag = int(value)


def _set_maintenance(simulator: BinanceSimulator, value: bool) -> None:
    simulator.venue.modes.maintenance = bool(value)


def _set_skew(simulator: BinanceSimulator, value: int) -> None:
    simulator.venue.clock.skew_ms = int(value)


_MODES: Mapping[str, Callable[[BinanceSimulator, Any], None]] = {
    "read_lag": _set_lag,
    "clock_skew": _set_skew,
    "advance": lambda simulator, value: simulator.venue.clock.advance(int(value)),
    "unique_among": _set_unique,
    "reduce_only_excess": _set_excess,
    "maintenance": _set_maintenance,
    "ban": _ban,
}


def clear_faults(simulator: BinanceSimulator, body: Json) -> Json:
    simulator.clear_faults()
    return {}


def liquidate(simulator: BinanceSimulator, body: Json) -> Json:
    """``{api_key}``: the venue closes all that the account holds."""
    account = simulator.venue.accounts[body["api_key"]]
    return {"orders": engine.liquidate(simulator.venue, account)}


def money(simulator: BinanceSimulator, body: Json) -> Json:
    """``{api_key, kind, amount, …}``: money in (or out, below zero); see
    :func:`tests.simulators.movements.read_movements`."""
    venue = simulator.venue
    account = venue.accounts[body["api_key"]]
    for movement in read_movements(body, venue.trade_ids, venue.clock):
        income.move(venue, account, movement)
    return {"wallet": str(account.wallet)}


def reset(simulator: BinanceSimulator, body: Json) -> Json:
    """A new venue; ``{"keep_accounts": true}`` keeps keys and settings with fresh books."""
    simulator.reset(keep_accounts=bool(body.get("keep_accounts", False)))
    return {}


def read_ledger(simulator: BinanceSimulator, body: Json) -> Json:
    """See :func:`tests.simulators.binance.ledger.told`."""
    return told(simulator.venue.ledger, body)


def read_state(simulator: BinanceSimulator, body: Json) -> Json:
    """Modes, the scripts in force with how often each fired, and the number of accounts."""
    venue = simulator.venue
    return {
        "modes": asdict(venue.modes),
        "clock_skew": venue.clock.skew_ms,
        "faults": [asdict(script) for script in simulator.faults.scripts],
        "accounts": len(venue.accounts),
        "ledger": venue.ledger.summary(),
    }


COMMANDS: Mapping[str, Callable[[BinanceSimulator, Any], Json]] = {
    "GET /_sim/ledger": read_ledger,
    "GET /_sim/state": read_state,
    "POST /_sim/accounts": add_accounts,
    "POST /_sim/price": set_price,
    "POST /_sim/book": set_book,
    "POST /_sim/filters": change_filters,
    "POST /_sim/liquidate": liquidate,
    "POST /_sim/money": money,
    "POST /_sim/inject": inject,
    "DELETE /_sim/inject": clear_faults,
    "POST /_sim/reset": reset,
}
