"""OKX v5 USDT swaps on loopback: signed REST, contracts, fills, faults, a ledger.

The oracle of the trading tests is the ledger: what the venue accepted, whatever the client
believes; its quantities are base units, so that one oracle serves every venue. Source of the
shapes: ``facts/wire-facts.md`` §3 and the venue's error code page. The private stream is not here.
"""

from tests.simulators.okx.server import OkxSimulator

__all__ = ["OkxSimulator"]
