"""Limits and where each comes from. Platform, plan, strategy, account, subscription: the strictest.

Source: ../shared/spec/execution.md, "Sizing". A layer that says nothing about a limit leaves it to
the others; the platform says something about each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple


class Source(StrEnum):
    """Who set a limit; of two equal ones the wider is named."""

    PLATFORM = "platform"
    PLAN = "plan"
    STRATEGY = "strategy"
    ACCOUNT = "account"
    SUBSCRIPTION = "subscription"
    VENUE = "venue"


class Layer(NamedTuple):
    """What one source allows at most; None where it says nothing.

    Percentages of position, exposure and risk are of the equity allocated to the subscription,
    those of daily losses of the account's equity when its day began.
    """

    source: Source
    max_position_pct: Decimal | None = None
    max_exposure_pct: Decimal | None = None
    max_risk_pct: Decimal | None = None
    max_leverage: int | None = None
    max_notional: Decimal | None = None  # times allocated equity
    max_open: int | None = None
    max_opens_a_day: int | None = None
    daily_loss_block_pct: Decimal | None = None
    daily_loss_close_pct: Decimal | None = None
    max_deviation_pct: Decimal | None = None
    max_spread_pct: Decimal | None = None
    max_age: int | None = None  # seconds
    min_depth: Decimal | None = None  # times the order
    max_blind_notional: Decimal | None = None  # quote currency, of an order whose book is not known


NAMES: tuple[str, ...] = Layer._fields[1:]
AT_LEAST = frozenset({"min_depth"})
"""Limits that ask for so much or more: the highest is the strictest."""

DEFAULTS = Layer(
    Source.PLATFORM,
    max_position_pct=Decimal(10),
    max_exposure_pct=Decimal(50),
    max_risk_pct=Decimal(2),
    max_leverage=20,
    max_notional=Decimal(3),
    max_open=5,
    max_opens_a_day=50,
    daily_loss_block_pct=Decimal(5),
    daily_loss_close_pct=Decimal(10),
    max_deviation_pct=Decimal("0.5"),
    max_spread_pct=Decimal("0.5"),
    max_age=60,
    min_depth=Decimal(3),
    max_blind_notional=Decimal(10_000),
)
"""What holds until an operator sets something else (../shared/spec/execution.md)."""


class Limits(NamedTuple):
    """The strictest value of each limit. ``sources`` names them in the order of :data:`NAMES`."""

    max_position_pct: Decimal
    max_exposure_pct: Decimal
    max_risk_pct: Decimal
    max_leverage: int
    max_notional: Decimal
    max_open: int
    max_opens_a_day: int
    daily_loss_block_pct: Decimal
    daily_loss_close_pct: Decimal
    max_deviation_pct: Decimal
    max_spread_pct: Decimal
    max_age: int
    min_depth: Decimal
    max_blind_notional: Decimal
    sources: tuple[Source, ...]

    def source(self, name: str) -> Source:
        """Who set the limit of that name."""
        return self.sources[NAMES.index(name)]


@lru_cache(maxsize=65_536)  # thousands of followers share a handful of combinations
def resolve(platform: Layer, others: tuple[Layer, ...]) -> Limits:
    """The strictest of all layers, the widest source first. ``platform`` sets every limit."""
    layers = (platform, *others)
    values: dict[str, Any] = {}
    sources = []
    for name in NAMES:
        said = [(getattr(layer, name), layer.source) for layer in layers]
        strictest = max if name in AT_LEAST else min  # both take the first of equals
        value, source = strictest((each for each in said if each[0] is not None), key=_value)
        values[name] = value
        sources.append(source)
    return Limits(**values, sources=tuple(sources))


def _value(said: tuple[Any, Source]) -> Any:
    return said[0]


def complete(platform: Layer | None) -> Layer:
    """The platform's layer with :data:`DEFAULTS` where an operator has said nothing."""
    if platform is None:
        return DEFAULTS
    said = {name: getattr(platform, name) for name in NAMES}
    return DEFAULTS._replace(**{name: value for name, value in said.items() if value is not None})


def allocation_left(allocated: Sequence[Decimal]) -> Decimal:
    """Percent of an account's equity that no active subscription has been given, never below 0."""
    return max(Decimal(100) - sum(allocated, Decimal(0)), Decimal(0))
