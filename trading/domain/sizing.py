"""From allocated equity to a quantity. Pure; every number that counts ends up in a Step.

Source: ../shared/spec/execution.md, "Sizing". Money is in quote currency, quantities in base units.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from trading.domain.receipts import Code, Step, StepName, plain

HUNDRED = Decimal(100)
VAR_95 = Decimal("1.645")
"""One-sided 95 % quantile of the normal distribution: VaR = z × σ × exposure."""


class SizingMode(StrEnum):
    """What ``value`` is: percent of allocated equity, money, base units, or a factor."""

    RISK_PCT = "risk_pct"
    EQUITY_PCT = "equity_pct"
    FIXED_AMOUNT = "fixed_amount"
    FIXED_QUANTITY = "fixed_quantity"
    MULTIPLIER = "multiplier"
    PROPORTIONAL = "proportional"
    RISK_BUDGET = "risk_budget"


class CannotSize(Exception):
    """A number that the mode needs is not there; ``code`` says which."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


class Basis(NamedTuple):
    """What a size is computed from. ``equity`` is the allocated part.

    The provider's own figures: ``risk_pct`` as the signal says it (risk with a stop, else margin),
    ``margin_pct`` margin ÷ equity, ``quantity`` what a master account traded.
    ``volatility_pct``: one day's standard deviation of the price.
    """

    mode: SizingMode
    value: Decimal
    equity: Decimal
    price: Decimal
    leverage: int
    stop_loss_pct: Decimal | None
    risk_pct: Decimal | None = None
    margin_pct: Decimal | None = None
    quantity: Decimal | None = None
    volatility_pct: Decimal | None = None


Sized = tuple[Decimal, str]


def size(basis: Basis) -> Step:
    """The unrounded, uncapped quantity with its arithmetic. Raises :class:`CannotSize`."""
    quantity, formula = _FORMULAS[basis.mode](basis)
    return Step(StepName.SIZE, None, quantity, formula=formula)


def _by_risk(basis: Basis) -> Sized:
    return _risking(basis, basis.value)


def _by_equity(basis: Basis) -> Sized:
    return _with_margin(basis, basis.value)


def _by_amount(basis: Basis) -> Sized:
    formula = f"{plain(basis.value)} × {basis.leverage} ÷ {plain(basis.price)}"
    return basis.value * basis.leverage / basis.price, formula


def _by_quantity(basis: Basis) -> Sized:
    return basis.value, plain(basis.value)


def _by_multiplier(basis: Basis) -> Sized:
    """The master's quantity, else the provider's fraction of equity, times the factor."""
    if basis.quantity is not None:
        formula = f"{plain(basis.quantity)} × {plain(basis.value)}"
        return basis.quantity * basis.value, formula
    if basis.stop_loss_pct and basis.risk_pct is not None:
        return _risking(basis, basis.risk_pct * basis.value)
    fraction = basis.margin_pct if basis.margin_pct is not None else basis.risk_pct
    if fraction is None:
        raise CannotSize(Code.NO_PROVIDER_SIZE)
    return _with_margin(basis, fraction * basis.value)


def _by_proportion(basis: Basis) -> Sized:
    """follower's equity × provider's margin ÷ provider's equity"""
    if basis.margin_pct is None:
        raise CannotSize(Code.NO_PROVIDER_SIZE)
    return _with_margin(basis, basis.margin_pct)


def _by_risk_budget(basis: Basis) -> Sized:
    """equity × budget = z × σ × price × quantity: one day's VaR at 95 % costs the budget."""
    if not basis.volatility_pct:
        raise CannotSize(Code.NO_VOLATILITY)
    spread = VAR_95 * basis.volatility_pct / HUNDRED
    formula = (
        f"{plain(basis.equity)} × {plain(basis.value)} % ÷ "
        f"({VAR_95} × {plain(basis.volatility_pct)} % × {plain(basis.price)})"
    )
    return basis.equity * basis.value / HUNDRED / (spread * basis.price), formula


def _risking(basis: Basis, percent: Decimal) -> Sized:
    """stop distance × quantity = equity × risk"""
    if not basis.stop_loss_pct or basis.stop_loss_pct <= 0:
        raise CannotSize(Code.NO_STOP)
    distance = basis.price * basis.stop_loss_pct / HUNDRED
    formula = (
        f"{plain(basis.equity)} × {plain(percent)} % ÷ "
        f"({plain(basis.price)} × {plain(basis.stop_loss_pct)} %)"
    )
    return basis.equity * percent / HUNDRED / distance, formula


def _with_margin(basis: Basis, percent: Decimal) -> Sized:
    """quantity = equity × margin % × leverage ÷ price"""
    formula = (
        f"{plain(basis.equity)} × {plain(percent)} % × {basis.leverage} ÷ {plain(basis.price)}"
    )
    return basis.equity * percent / HUNDRED * basis.leverage / basis.price, formula


_FORMULAS: dict[SizingMode, Callable[[Basis], Sized]] = {
    SizingMode.RISK_PCT: _by_risk,
    SizingMode.EQUITY_PCT: _by_equity,
    SizingMode.FIXED_AMOUNT: _by_amount,
    SizingMode.FIXED_QUANTITY: _by_quantity,
    SizingMode.MULTIPLIER: _by_multiplier,
    SizingMode.PROPORTIONAL: _by_proportion,
    SizingMode.RISK_BUDGET: _by_risk_budget,
}
