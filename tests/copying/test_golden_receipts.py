"""Receipts as they are stored and told, word for word. UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out
from trading.copying.receipt_detail import receipt_detail
from trading.models import CopyExecution, CopySubscription, RiskLimits

pytestmark = pytest.mark.django_db(transaction=True)
GOLDEN = Path(__file__).parent / "golden"
D = Decimal


def _follower(**settings: Any) -> CopySubscription:
    a_market()
    a_quote("60000")
    return a_follower(a_strategy().strategy, **settings)


def _receipt(follower: CopySubscription, **signal: Any) -> CopyExecution:
    made = a_signal(follower.strategy, **signal)
    fan_out(signal_id=made.pk, now=now())
    found = CopyExecution.objects.select_related("signal__strategy", "account")
    return found.get(signal=made)


def _cut_by_the_strategy() -> CopyExecution:
    follower = _follower(sizing_mode="risk_pct", sizing_value=D(2))
    RiskLimits.objects.create(scope="strategy", target=follower.strategy_id, max_position_pct=D(4))
    return _receipt(follower)


def _half_the_account_doubled() -> CopyExecution:
    return _receipt(_follower(allocation_pct=D(50), risk_multiplier=D(2)))


def _without_a_stop() -> CopyExecution:
    return _receipt(_follower(sizing_mode="risk_pct", sizing_value=D(2)), stop_loss_pct=None)


def _too_small_for_the_venue() -> CopyExecution:
    return _receipt(_follower(sizing_mode="fixed_amount", sizing_value=D(13)))


def _a_third_closed() -> CopyExecution:
    follower = _follower()
    _receipt(follower)
    send_on_paper()
    return _receipt(follower, action="close", direction="any", close_pct=D(33))


CASES = {
    "cut_by_the_strategy": _cut_by_the_strategy,
    "half_the_account_doubled": _half_the_account_doubled,
    "without_a_stop": _without_a_stop,
    "too_small_for_the_venue": _too_small_for_the_venue,
    "a_third_closed": _a_third_closed,
}


@pytest.mark.parametrize("name", CASES)
def test_a_receipt_says_what_it_always_said(name: str) -> None:
    row = CASES[name]()
    shown = receipt_detail(row)
    told = {
        "outcome": row.outcome,
        "code": row.code,
        "line": shown.line,
        "why": shown.why,
        "inputs": row.inputs,
        "steps": row.steps,
    }
    file = GOLDEN / f"{name}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        file.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")
    assert told == json.loads(file.read_text())
