"""Every receipt speaks three languages, with the same figures in each."""

from __future__ import annotations

import re
from pathlib import Path

import polib
import pytest
from django.utils import translation

from trading.copying import wording
from trading.domain.limits import Source
from trading.domain.receipts import Code, StepName

LOCALE = Path(__file__).parents[2] / "mimic" / "locale"
FILES = sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))
FIGURES = {"side": "buy", "quantity": "0.013", "symbol": "BTCUSDT", "message": "no margin"}
_PLACE = re.compile(r"%\(\w+\)[sd]|\{\w+\}")


def _lines(language: str) -> dict[str, str]:
    with translation.override(language):
        return {code.value: wording.line(code=code.value, **FIGURES) for code in Code}


def _told(entry: polib.POEntry | polib.MOEntry) -> list[str]:
    """One sentence, or one for each form of the plural."""
    return [entry.msgstr] if not entry.msgid_plural else list(entry.msgstr_plural.values())


def _by_text(texts: polib.POFile | polib.MOFile) -> dict[tuple[str | None, str], list[str]]:
    return {(entry.msgctxt or None, entry.msgid): _told(entry) for entry in texts}


@pytest.mark.parametrize("language", ["uk", "es"])
def test_no_code_is_told_in_english_to_others(language: str) -> None:
    english, told = _lines("en"), _lines(language)
    assert [code for code, line in told.items() if line == english[code]] == []
    with translation.override(language):
        assert wording.source_name(Source.STRATEGY.value) != "the strategy"
        assert all(re.search(r"[^\x00-\x7f]|[a-z]", str(name)) for name in wording.CAPS.values())


def test_every_code_has_a_sentence_of_its_own() -> None:
    lines = _lines("en")
    assert len(set(lines.values())) == len(lines)
    assert all(line.endswith(".") for line in lines.values())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parts[-3])
def test_a_translation_keeps_its_figures_and_is_compiled(file: Path) -> None:
    texts = polib.pofile(str(file))
    for entry in texts:
        for told in _told(entry):
            assert sorted(_PLACE.findall(entry.msgid)) == sorted(_PLACE.findall(told))
            assert told
    compiled = polib.mofile(str(file.with_suffix(".mo")))
    assert _by_text(compiled) == _by_text(texts), "run make texts"


def test_both_languages_are_there() -> None:
    assert [file.parts[-3] for file in FILES] == ["es", "uk"]


def test_a_size_is_explained_in_the_readers_language() -> None:
    steps = [
        {"name": StepName.SIZE.value, "after": "0.1666666666", "formula": "a"},
        {"name": StepName.MAX_POSITION.value, "before": "0.17", "after": "0.08", "limit": "0.08",
         "source": "account"},
        {"name": StepName.ROUNDING.value, "before": "0.085", "after": "0.08", "limit": "0.01"},
    ]  # fmt: skip
    with translation.override("es"):
        assert wording.why_this_much(steps) == (
            "a = 0.16666666; reducido a 0.08 por posición máxima (la cuenta); "
            "redondeado a 0.08 (paso 0.01)"
        )


WHYS: list[tuple[dict[str, str], str]] = [
    ({"name": "size", "formula": "a × b", "after": "0.1666666666"}, "a × b = 0.16666666"),
    ({"name": "multiplier", "formula": "c × 2", "after": "12.50"}, "c × 2 = 12.5"),
    ({"name": "fraction", "formula": "d × 30 %", "after": "1200"}, "d × 30 % = 1200"),
    (
        {"name": "free_margin", "before": "2", "after": "1.0", "source": "account"},
        "cut to 1 by free margin (the account)",
    ),
    ({"name": "position", "before": "2", "after": "1"}, "cut to 1 by what this copy holds"),
    ({"name": "position", "before": "1", "after": "1"}, ""),
    ({"name": "position", "after": "1"}, ""),
    ({"name": "leverage", "after": "5"}, ""),
    (
        {"name": "rounding", "before": "1.29", "after": "1.2", "limit": "0.1"},
        "rounded to 1.2 (step 0.1)",
    ),
    ({"name": "rounding", "before": "1.29", "after": "1"}, "rounded to 1 (step 0)"),
    ({"name": "rounding", "before": "1.2", "after": "1.2", "limit": "0.1"}, ""),
]


def test_each_step_has_its_words_and_one_that_changed_nothing_has_none() -> None:
    for step, told in WHYS:
        assert wording.why_this_much([step]) == told
    every = [step for step, _ in WHYS]
    assert wording.why_this_much(every) == "; ".join(told for _, told in WHYS if told)


def test_a_number_is_shortened_and_never_made_another() -> None:
    for number, told in (
        ("0.123456789", "0.12345678"), ("100", "100"), ("1.500", "1.5"), ("2.0", "2"),
        ("10.000000001", "10"), ("0", "0"),
    ):  # fmt: skip
        assert wording.short(number) == told


def test_a_line_names_side_quantity_symbol_and_the_venues_words_or_the_code() -> None:
    told = {"side": "sell", "quantity": "3", "symbol": "ETHUSDT", "message": ""}
    for code, message, line in (
        ("executed", "", "Sell 3 ETHUSDT: the venue has the order."),
        ("venue.margin", "Margin is low.", "Refused by the venue: Margin is low."),
        ("venue.margin", "", "Refused by the venue: venue.margin"),
        ("something.new", "", "something.new"),
    ):
        assert wording.line(code=code, **{**told, "message": message}) == line
    told["side"] = "both"
    assert wording.line(code="executed", **told) == "both 3 ETHUSDT: the venue has the order."


def test_the_side_is_the_decisions_or_else_the_signals() -> None:
    for action, direction, side in (
        ("open", "long", "buy"), ("open", "short", "sell"),
        ("close", "long", "sell"), ("close", "short", "buy"),
    ):  # fmt: skip
        assert wording.side_of(action=action, direction=direction, inputs={}) == side
    decided = {"side": "sell"}
    assert wording.side_of(action="open", direction="long", inputs=decided) == "sell"


def test_who_set_a_limit_is_named_and_an_unknown_one_is_shown_as_it_is() -> None:
    assert wording.source_name("account") == "the account"
    assert wording.source_name("moon") == "moon"
