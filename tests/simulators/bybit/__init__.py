"""Bybit v5 linear perpetuals on loopback: signed REST, asynchronous orders, faults, a ledger.

The oracle of the trading tests is the ledger: what the venue accepted, whatever the client
believes. Source of the shapes: ``facts/wire-facts.md`` §2 and the venue's v5 pages. Conditional
orders, batches and the private stream are not here.
"""

from tests.simulators.bybit.server import BybitSimulator

__all__ = ["BybitSimulator"]
