"""The control API under ``/_sim/``: accounts, prices, faults and the ledger, as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tests.simulators.binance.book import Level
from tests.simulators.binance.ledger import rows
from tests.simulators.okx import engine

if TYPE_CHECKING:
    from tests.simulators.okx.server import OkxSimulator

Json = dict[str, Any]


def set_price(simulator: OkxSimulator, body: Json) -> Json:
    """``{symbol, mark, bid?, ask?, last?}`` or ``{"prices": {symbol: mark}}``; then matches."""
    venue = simulator.venue
    quotes = [{"symbol": s, "mark": m} for s, m in body.get("prices", {}).items()] or [body]
    for entry in quotes:
        parts = {n: Decimal(str(entry[n])) for n in ("bid", "ask", "last") if n in entry}
        venue.quote(entry["symbol"], Decimal(str(entry["mark"])), **parts)
        engine.rematch(venue, entry["symbol"])
    return {"set": len(quotes)}


def set_book(simulator: OkxSimulator, body: Json) -> Json:
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


def add_accounts(simulator: OkxSimulator, body: Any) -> Json:
    """A list of accounts (or ``{"accounts": […]}``); existing keys are changed."""
    listed = body["accounts"] if isinstance(body, dict) else body
    for settings in listed:
        simulator.venue.add_account(settings)
    return {"accounts": len(simulator.venue.accounts)}


def change_filters(simulator: OkxSimulator, body: Json) -> Json:
    changes = {name: value for name, value in body.items() if name != "symbol"}
    simulator.venue.change_rules(body["symbol"], changes)
    return simulator.venue.instruments[body["symbol"]].to_wire()


def inject(simulator: OkxSimulator, body: Json) -> Json:
    """Modes (``read_lag``, ``clock_skew``, ``advance``, ``unique_among``, ``reduce_only_excess``,
    ``maintenance``), and a script when ``action`` is there. Raises ValueError or TypeError for
    what is not understood."""
    rest = dict(body)
    for name, apply in _MODES.items():
        if name in rest:
            apply(simulator, rest.pop(name))
    script = simulator.faults.add(rest) if rest else None
    return {"id": script.id if script else 0}


def _set_word(name: str, allowed: tuple[str, str]) -> Callable[[OkxSimulator, str], None]:
    def apply(simulator: OkxSimulator, value: str) -> None:
        if value not in allowed:
            raise ValueError(f"{name} must be one of {allowed}, not {value!r}")
        setattr(simulator.venue.modes, name, value)

    return apply


def _set_lag(simulator: OkxSimulator, value: int) -> None:
    simulator.venue.modes.read_lag = int(value)


def _set_maintenance(simulator: OkxSimulator, value: bool) -> None:
    simulator.venue.modes.maintenance = bool(value)


def _set_skew(simulator: OkxSimulator, value: int) -> None:
    simulator.venue.clock.skew_ms = int(value)


_MODES: Mapping[str, Callable[[OkxSimulator, Any], None]] = {
    "read_lag": _set_lag,
    "clock_skew": _set_skew,
    "advance": lambda simulator, value: simulator.venue.clock.advance(int(value)),
    "unique_among": _set_word("unique_among", ("open", "all")),
    "reduce_only_excess": _set_word("reduce_only_excess", ("clip", "reject")),
    "maintenance": _set_maintenance,
}


def set_delay(simulator: OkxSimulator, body: Json) -> Json:
    """``{ms}``: how long each of the venue's answers waits from now on."""
    simulator.delay = float(body["ms"]) / 1000
    return {"ms": body["ms"]}


def clear_faults(simulator: OkxSimulator, body: Json) -> Json:
    simulator.clear_faults()
    return {}


def reset(simulator: OkxSimulator, body: Json) -> Json:
    simulator.reset()
    return {}


def read_ledger(simulator: OkxSimulator, body: Json) -> Json:
    """Query: ``since`` (entry seq), ``kind``, ``client_id``, ``account``, ``summary=1``."""
    ledger = simulator.venue.ledger
    if body.get("summary"):
        return ledger.summary()
    names = {name: body[name] for name in ("client_id", "account") if name in body}
    entries = [
        entry
        for entry in ledger.entries[int(body.get("since", 0)) :]
        if body.get("kind") in (None, entry.kind)
        and all(getattr(entry, name) == value for name, value in names.items())
    ]
    attempts = [
        attempt
        for attempt in ledger.attempts
        if all(getattr(attempt, name) == value for name, value in names.items())
    ]
    return {"entries": rows(entries), "attempts": rows(attempts)}


def read_state(simulator: OkxSimulator, body: Json) -> Json:
    """Modes, the scripts in force with how often each fired, and the number of accounts."""
    venue = simulator.venue
    return {
        "modes": asdict(venue.modes),
        "clock_skew": venue.clock.skew_ms,
        "faults": [asdict(script) for script in simulator.faults.scripts],
        "accounts": len(venue.accounts),
        "ledger": venue.ledger.summary(),
    }


COMMANDS: Mapping[str, Callable[[OkxSimulator, Any], Json]] = {
    "GET /_sim/ledger": read_ledger,
    "GET /_sim/state": read_state,
    "POST /_sim/accounts": add_accounts,
    "POST /_sim/price": set_price,
    "POST /_sim/book": set_book,
    "POST /_sim/filters": change_filters,
    "POST /_sim/delay": set_delay,
    "POST /_sim/inject": inject,
    "DELETE /_sim/inject": clear_faults,
    "POST /_sim/reset": reset,
}
