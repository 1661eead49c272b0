"""One table of figures through the template filters and ``format.js``: never two answers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone, translation

from mimic.web.templatetags import figures, trader

HERE = Path(__file__).resolve().parent
TABLE: dict[str, list[list[Any]]] = json.loads((HERE / "format_cases.json").read_text("utf-8"))
SCRIPT = HERE.parents[1] / "static" / "js" / "format.js"
ZONE = "Europe/Kyiv"
LANGUAGES = ("en", "uk", "es")
# The browser's half: the same table, answers as JSON on standard output.
DRIVER = """
import { readFileSync } from "node:fs";
const source = readFileSync(process.argv[1], "utf-8");
const format = await import("data:text/javascript," + encodeURIComponent(source));
const { table, settings } = JSON.parse(readFileSync(0, "utf-8"));
const camel = (name) => name.replace(/_(\\w)/g, (_all, letter) => letter.toUpperCase());
console.log(JSON.stringify({
  cases: table.cases.map(([name, value]) => format[camel(name)](value, settings)),
  moments: table.moments.map(([at, now]) => format.moment(at, settings, Date.parse(now))),
  ages: table.ages.map(([at, now]) => format.age(at, settings, Date.parse(now))),
}));
"""


def expected(text: str) -> str:
    """The table's answer with the active locale's marks."""
    marks = figures.number_marks()
    return text.replace("{d}", marks["decimal"]).replace("{g}", marks["group"])


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_server_writes_every_figure_of_the_table(language: str) -> None:
    with translation.override(language):
        for name, value, answer in TABLE["cases"]:
            words = {
                " ms": " " + trader.client_words()["ms"],
                " s": " " + trader.client_words()["s"],
            }
            for old, new in words.items():
                answer = re.sub(f"{old}$", new, answer)
            assert getattr(figures, name)(value) == expected(answer), (name, value)


def test_the_server_writes_moments_in_the_persons_zone_with_utc_beside_them() -> None:
    with timezone.override(ZONE), translation.override("en"):
        for at, now, text, title in TABLE["moments"]:
            with time_machine.travel(instant(now), tick=False):
                assert f'title="{title}">{text}</time>' in figures.moment(instant(at))
        for at, now, text in TABLE["ages"]:
            with time_machine.travel(instant(now), tick=False):
                assert figures.age(instant(at)) == text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_browser_writes_the_same(language: str) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("no JavaScript engine on this machine; the browser test covers a part of it")
    with translation.override(language):
        settings = figures.number_marks() | {"timezone": ZONE, "words": trader.client_words()}
        answer = subprocess.run(
            [node, "--input-type=module", "-e", DRIVER, str(SCRIPT)],
            input=json.dumps({"table": TABLE, "settings": settings}),
            capture_output=True,
            text=True,
            check=True,
        )
        shown = json.loads(answer.stdout)
        for (name, value, _), text in zip(TABLE["cases"], shown["cases"], strict=True):
            assert text == getattr(figures, name)(value), (name, value)
    for (_, _, text, title), moment in zip(TABLE["moments"], shown["moments"], strict=True):
        assert moment == {"text": text, "title": title}


def test_profit_and_loss_carry_sign_and_tick_besides_colour() -> None:
    assert "▲</span>+7.32" in figures.pnl("7.32")
    assert "▼</span>−11.93" in figures.pnl("-11.93")
    assert 'data-direction="flat"' in figures.pnl("0.001")
    assert "—" in figures.pnl(None)


def test_the_hops_of_a_receipt_are_measured_between_what_happened() -> None:
    class Receipt:
        received_at = instant("2026-11-20T22:00:00.000Z")
        decided_at = instant("2026-11-20T22:00:00.038Z")
        sent_at = None
        acknowledged_at = None

    found = trader.hops(Receipt())
    assert [hop.since_previous_ms for hop in found] == [None, 38, None, None]
