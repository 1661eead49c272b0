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
