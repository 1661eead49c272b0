"""Upbit on loopback: spot pairs against won, signed REST, faults, a ledger.

The oracle of the trading tests is the ledger. What an account holds of a coin is kept as a long
position of leverage 1, so that the swaps' engine matches and settles; nothing can be sold that is
not held. Source of the shapes: the venue's reference (docs.upbit.com/kr/reference) and ccxt 4.5's
comments. What no source tells is said where it is assumed. Deposits, withdrawals, pockets and the
private stream are not here.
"""

from tests.simulators.upbit.server import UpbitSimulator

__all__ = ["UpbitSimulator"]
