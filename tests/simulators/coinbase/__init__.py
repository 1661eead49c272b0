"""Coinbase Advanced on loopback: the US perpetual-style futures, signed REST, faults, a ledger.

The oracle of the trading tests is the ledger: what the venue accepted, whatever the client
believes. Source of the shapes: the venue's REST reference (docs.cdp.coinbase.com, advanced-trade),
ccxt 4.5's comments, the vendor's own SDK (github.com/coinbase/coinbase-advanced-py), and answers
that others recorded (nautechsystems/nautilus_trader, crates/adapters/coinbase/test_data). What no
source tells is said where it is assumed. Spot orders, stops and the user stream are not here.
"""

from tests.simulators.coinbase.server import CoinbaseSimulator

__all__ = ["CoinbaseSimulator"]
