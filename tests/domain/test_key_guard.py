"""What keys may be used for: decided without a database."""

from __future__ import annotations

from decimal import Decimal

import pytest

from trading.domain.key_guard import KeyLimits, Objection, Pace, objection

BTC = frozenset({"BTCUSDT"})
THOUSAND = Decimal(1_000)


@pytest.mark.parametrize(
    ("limits", "notional", "told"),
    [
        (KeyLimits(), None, None),
        (KeyLimits(symbols=BTC), None, None),
        (KeyLimits(symbols=frozenset({"ETHUSDT"})), None, Objection.SYMBOL),
        (KeyLimits(max_notional=THOUSAND), THOUSAND, None),
        (KeyLimits(max_notional=THOUSAND), Decimal("1000.01"), Objection.NOTIONAL),
        (KeyLimits(max_notional=THOUSAND), None, Objection.NO_PRICE),
        (KeyLimits(frozen=True, symbols=BTC), Decimal(1), Objection.FROZEN),
    ],
)
def test_limits_are_weighed(
    limits: KeyLimits, notional: Decimal | None, told: Objection | None
) -> None:
    assert objection(limits, symbol="BTCUSDT", notional=notional) is told


def test_only_what_is_recent_counts_and_each_account_for_itself() -> None:
    pace = Pace(60.0)
    assert [pace.note(1, float(second)) for second in (0, 10, 59, 61)] == [1, 2, 3, 3]
    assert pace.note(2, 61.0) == 1
