"""The text tells the truth: commands exist, links lead somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_make_target_that_a_text_names_exists(text: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z0-9-]*)", text.read_text(), re.M))
    assert named <= targets


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(text: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text.read_text())
    missing = [link for link in links if not (text.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_in_backticks_exists(text: Path) -> None:
    named = re.findall(
        r"`((?:mimic|signals|trading|tests|deploy|docs|accounts)/[\w./-]+)`", text.read_text()
    )
    assert [path for path in named if not (ROOT / path).exists()] == []
