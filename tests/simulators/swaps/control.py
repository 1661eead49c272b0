"""The control API under ``/_sim/``: accounts, prices, faults and the ledger, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulators.binance.book import Level
from tests.simulators.binance.ledger import told
from tests.simulators.movements import read_movements
from tests.simulators.swaps import engine
from tests.simulators.swaps.calls import Json
from tests.simulators.swaps.instruments import plain

if TYPE_CHECKING:
    from tests.simulators.swaps.server import SwapSimulator

    Simulator = SwapSimulator[Any, Any]


def set_price(simulator: Simulator, body: Json) -> Json:
    """``{symbol, mark, bid?, ask?, last?}`` or ``{"prices": {symbol: mark}}``; then matches."""
    venue = simulator.venue
    quotes = [{"symbol": s, "mark": m} for s, m in body.get("prices", {}).items()] or [body]
    for entry in quotes:
        parts = {n: Decimal(str(entry[n])) for n in ("bid", "ask", "last") if n in entry}
        venue.quote(entry["symbol"], Decimal(str(entry["mark"])), **parts)
        engine.rematch(venue, entry["symbol"])
    return {"set": len(quotes)}


def set_book(simulator: Simulator, body: Json) -> Json:
    """``{symbol, bids?, asks?, replenish?}``: ``[[price, contracts], …]`` best first; an empty
    list is an empty side, null endless depth at the best price."""
    market = simulator.venue.market(body["symbol"])
    market.bids, market.asks = _levels(body.get("bids")), _levels(body.get("asks"))
    market.replenish = bool(body.get("replenish", False))
    engine.rematch(simulator.venue, market.symbol)
    return {"symbol": market.symbol}


def _levels(levels: Iterable[Iterable[Any]] | None) -> list[Level] | None:
    if levels is None:
        return None
    return [(Decimal(str(price)), Decimal(str(size))) for price, size in levels]


def add_accounts(simulator: Simulator, body: Any) -> Json:
    """A list of accounts (or ``{"accounts": […]}``); existing keys are changed."""
    listed = body["accounts"] if isinstance(body, dict) else body
    for settings in listed:
        simulator.venue.add_account(settings)
    return {"accounts": len(simulator.venue.accounts)}


def change_filters(simulator: Simulator, body: Json) -> Json:
    changes = {name: value for name, value in body.items() if name != "symbol"}
    simulator.venue.change_rules(body["symbol"], changes)
    rules = asdict(simulator.venue.instruments[body["symbol"]])
    return {
        name: plain(rule) if isinstance(rule, Decimal) else rule for name, rule in rules.items()
    }


def inject(simulator: Simulator, body: Json) -> Json:
    """``clock_skew``, ``advance``, the venue's modes by their names, a ``stream`` fault, and a
    script when ``action`` is there. Raises ValueError or TypeError for what is not understood."""
    rest, venue = dict(body), simulator.venue
    if "clock_skew" in rest:
        venue.clock.skew_ms = int(rest.pop("clock_skew"))
    if "advance" in rest:
        venue.clock.advance(int(rest.pop("advance")))
    for name, mode in asdict(venue.modes).items():
        if name in rest:
            setattr(venue.modes, name, _checked(name, type(mode), rest.pop(name)))
    if "stream" in rest and simulator.stream:
        simulator.stream.inject(rest.pop("stream"), venue.accounts)
    script = simulator.faults.add(rest) if rest else None
    return {"id": script.id if script else 0}


def _checked(name: str, kind: type, value: Any) -> Any:
    if value not in _WORDS.get(name, (value,)):
        raise ValueError(f"{name} must be one of {_WORDS[name]}, not {value!r}")
    return kind(value)


_WORDS: Mapping[str, tuple[str, ...]] = {
    "unique_among": ("open", "all"),
    "reduce_only_excess": ("clip", "reject"),
}


def set_delay(simulator: Simulator, body: Json) -> Json:
    """``{ms}``: how long each of the venue's answers waits from now on."""
    simulator.delay = float(body["ms"]) / 1000
    return {"ms": body["ms"]}


def liquidate(simulator: Simulator, body: Json) -> Json:
    """``{api_key}``: the venue closes all that the account holds."""
    account = simulator.venue.accounts[body["api_key"]]
    return {"orders": engine.liquidate(simulator.venue, account)}


def money(simulator: Simulator, body: Json) -> Json:
    """``{api_key, kind, amount, …}``: money in (or out, below zero); see
    :func:`tests.simulators.movements.read_movements`."""
    venue = simulator.venue
    account = venue.accounts[body["api_key"]]
    for movement in read_movements(body, venue.trade_ids, venue.clock):
        venue.move(account, movement)
    return {"wallet": str(account.wallet)}


def clear_faults(simulator: Simulator, body: Json) -> Json:
    simulator.clear_faults()
    return {}


def reset(simulator: Simulator, body: Json) -> Json:
    simulator.reset()
    return {}


def read_ledger(simulator: Simulator, body: Json) -> Json:
    """See :func:`tests.simulators.binance.ledger.told`."""
    return told(simulator.venue.ledger, body)


def read_state(simulator: Simulator, body: Json) -> Json:
    """Modes, the scripts in force with how often each fired, and the number of accounts."""
    venue = simulator.venue
    return {
        "modes": asdict(venue.modes),
        "clock_skew": venue.clock.skew_ms,
        "faults": [asdict(script) for script in simulator.faults.scripts],
        "accounts": len(venue.accounts),
        "ledger": venue.ledger.summary(),
    }


COMMANDS: Mapping[str, Callable[[Simulator, Any], Json]] = {
    "GET /_sim/ledger": read_ledger,
    "GET /_sim/state": read_state,
    "POST /_sim/accounts": add_accounts,
    "POST /_sim/price": set_price,
    "POST /_sim/book": set_book,
    "POST /_sim/filters": change_filters,
    "POST /_sim/delay": set_delay,
    "POST /_sim/liquidate": liquidate,
    "POST /_sim/money": money,
    "POST /_sim/inject": inject,
    "DELETE /_sim/inject": clear_faults,
    "POST /_sim/reset": reset,
}
