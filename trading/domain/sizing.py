"""From allocated equity to a quantity. Pure; every number that counts ends up in a Step.

Source: ../shared/spec/execution.md, "Sizing". Money is in quote currency, quantities in base.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trading.domain.receipts import Step, StepName, plain

HUNDRED = Decimal(100)
NOTIONAL_CAP = Decimal(3)  # times allocated equity


class SizingMode(StrEnum):
    RISK_PCT = "risk_pct"
    EQUITY_PCT = "equity_pct"
    FIXED_AMOUNT = "fixed_amount"


class NoStop(Exception):
    """Sizing by risk needs a stop, and the signal has none."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What a size is computed from. ``value`` is percent, or quote money for a fixed amount."""

    mode: SizingMode
    value: Decimal
    equity: Decimal
    price: Decimal
    leverage: int
    stop_loss_pct: Decimal | None


def size(basis: Basis) -> Step:
    """The unrounded, uncapped quantity. Raises :class:`NoStop` for risk without a stop."""
    quantity, formula = _FORMULAS[basis.mode](basis)
    return Step(StepName.SIZE, None, quantity, formula=formula)


def _by_risk(basis: Basis) -> tuple[Decimal, str]:
    if basis.stop_loss_pct is None or basis.stop_loss_pct <= 0:
        raise NoStop
    distance = basis.price * basis.stop_loss_pct / HUNDRED
    formula = (
        f"{plain(basis.equity)} × {plain(basis.value)} % ÷ "
        f"({plain(basis.price)} × {plain(basis.stop_loss_pct)} %)"
    )
    return basis.equity * basis.value / HUNDRED / distance, formula


def _by_equity(basis: Basis) -> tuple[Decimal, str]:
    margin = basis.equity * basis.value / HUNDRED
    formula = (
        f"{plain(basis.equity)} × {plain(basis.value)} % × {basis.leverage} ÷ {plain(basis.price)}"
    )
    return margin * basis.leverage / basis.price, formula


def _by_amount(basis: Basis) -> tuple[Decimal, str]:
    formula = f"{plain(basis.value)} × {basis.leverage} ÷ {plain(basis.price)}"
    return basis.value * basis.leverage / basis.price, formula


_FORMULAS = {
    SizingMode.RISK_PCT: _by_risk,
    SizingMode.EQUITY_PCT: _by_equity,
    SizingMode.FIXED_AMOUNT: _by_amount,
}
