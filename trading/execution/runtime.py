"""The process's one dispatcher, made after the fork by whoever asks first."""

from __future__ import annotations

import threading

from trading.domain.ports import register_gateway
from trading.execution.dispatcher import Dispatcher
from trading.execution.gateways import PAPER, paper_gateway
from trading.venues.registry import load_adapters

_lock = threading.Lock()
_dispatcher: Dispatcher | None = None


def dispatcher() -> Dispatcher:
    """Start it on first use: adapters (and with them ccxt) load only in processes that trade."""
    global _dispatcher  # noqa: PLW0603
    with _lock:
        if _dispatcher is None:
            register_gateway(PAPER, paper_gateway)
            load_adapters()
            _dispatcher = Dispatcher()
        return _dispatcher


def stop_dispatcher() -> None:
    """Drain and forget it; harmless when there is none."""
    global _dispatcher  # noqa: PLW0603
    with _lock:
        if _dispatcher is not None:
            _dispatcher.drain()
            _dispatcher = None
