"""Rules that the style sheets, scripts and templates keep (ux.md, strict CSP)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHEETS = sorted((ROOT / "static" / "css").glob("*.css"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
PAGES = sorted(
    page
    for page in (ROOT / "templates").rglob("*.html")
    if page.relative_to(ROOT / "templates").parts[0] not in {"admin", "mail"}  # mail has no sheets
)
BARE_TABLE = re.compile(r"^(table|thead|tbody|tfoot|tr|td|th|caption)\b")


def selectors(sheet: Path) -> list[str]:
    """Every selector of a sheet, at-rules left out."""
    text = re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.DOTALL)
    lists = re.findall(r"([^{};]+)\{", text)
    return [one.strip() for names in lists for one in names.split(",") if "@" not in names]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_no_sheet_styles_a_bare_table_element(sheet: Path) -> None:
    assert [one for one in selectors(sheet) if BARE_TABLE.match(one)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_template_carries_an_inline_style_or_script(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", text)
    assert all(
        "src=" in tag or "application/json" in tag for tag in re.findall(r"<script[^>]*>", text)
    )


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_no_script_of_ours_writes_markup_from_text(script: Path) -> None:
    text = script.read_text(encoding="utf-8")
    assert not re.search(
        r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|\beval\(", text
    )


def test_every_icon_that_a_template_names_is_in_the_sprite() -> None:
    sprite = (ROOT / "static/vendor/lucide/sprite.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', sprite))
    named = {
        icon
        for page in PAGES
        for icon in re.findall(r'(?:c-icon name|icon)="([a-z][\w-]*)"', page.read_text("utf-8"))
    }
    assert named - drawn == set()


def test_vendored_files_come_with_their_licences() -> None:
    vendor = ROOT / "static" / "vendor"
    folders = [folder for folder in vendor.iterdir() if folder.is_dir()]
    assert folders
    assert [folder.name for folder in folders if not (folder / "LICENSE").is_file()] == []


def test_every_page_of_rows_has_a_caption_and_scoped_headings() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if "<table" not in text or "elements" in page.parts:
            continue
        assert "<caption" in text, page
        assert all('scope="' in tag for tag in re.findall(r"<th\b[^>]*>", text)), page
