"""A Binance USDⓈ-M futures venue on loopback: signed REST, fills, user streams, faults, a ledger.

The oracle of the trading tests is :class:`~tests.simulators.binance.ledger.Ledger`: what the venue
accepted, whatever the client believes. Source of every shape: ``facts/wire-facts.md`` §1.
"""

from tests.simulators.binance.limits import Quotas
from tests.simulators.binance.server import BinanceSimulator

__all__ = ["BinanceSimulator", "Quotas"]
