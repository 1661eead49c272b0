"""How one subscription copies: its settings as the decision reads them. Rows never change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from trading.domain.limits import Layer, Source
from trading.domain.sizing import SizingMode

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class CopyRules:
    """``value`` is in the unit of the mode (:mod:`trading.domain.sizing`).

    ``leverage`` None follows the signal's; ``symbol_leverage`` goes before both. An empty
    ``allowed`` allows every symbol, ``blocked`` always wins. ``layer`` holds this subscription's
    own limits.
    """

    version: int
    mode: SizingMode
    value: Decimal
    allocation_pct: Decimal = Decimal(100)
    multiplier: Decimal = ONE
    leverage: int | None = None
    symbol_leverage: Mapping[str, int] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    layer: Layer = Layer(Source.SUBSCRIPTION)

    def allows(self, symbol: str) -> bool:
        return symbol not in self.blocked and (not self.allowed or symbol in self.allowed)

    def wanted_leverage(self, symbol: str, signal: int) -> int:
        """Before any clamp."""
        return self.symbol_leverage.get(symbol) or self.leverage or signal
