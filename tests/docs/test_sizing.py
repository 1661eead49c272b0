"""The examples of docs/sizing.md, run as they stand there."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.domain.cast import FOLLOWER, LONG, NOW, QUOTE, RULES, SPEC, D
from trading.copying.wording import short
from trading.domain.decide import decide
from trading.domain.receipts import plain
from trading.domain.sizing import SizingMode

PAGE = Path(__file__).parents[2] / "docs" / "sizing.md"
EXAMPLES = [
    yaml.load(block, Loader=yaml.BaseLoader)  # noqa: S506 (strings only: decimals stay exact)
    for block in re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
]


def test_there_are_three() -> None:
    assert len(EXAMPLES) == 3


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["mode"])
def test_an_example_comes_out_as_the_page_says(example: dict[str, Any]) -> None:
    said = example["signal"]
    rules = replace(
        RULES,
        mode=SizingMode(example["mode"]),
        value=D(example["value"]),
        allocation_pct=D(example.get("allocation_pct", 100)),
    )
    equity = D(example["equity"])
    who = FOLLOWER._replace(rules=rules, equity=equity, free_margin=equity, day_equity=equity)
    volatility = example.get("volatility_pct")
    spec = replace(SPEC, volatility_pct=D(volatility) if volatility else None)
    signal = replace(LONG, leverage=int(said["leverage"]), stop_loss_pct=D(said["stop_loss_pct"]))
    decision = decide(signal, who, spec, QUOTE, NOW)
    changed = [
        {step.name.value: short(plain(step.after))}
        for step in decision.steps
        if step.name != "leverage" and step.before != step.after
    ]
    assert changed == example["steps"]
    if "skipped" in example:
        assert decision.code.value == example["skipped"]
    else:
        assert decision.order is not None
        assert plain(decision.order.quantity) == example["order"]
        assert plain(decision.order.margin) == example["margin"]
