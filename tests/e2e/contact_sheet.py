"""``var/shots/index.html``: every page's pictures side by side, with what was measured of it.

Run by ``make e2e`` after its tests: ``python -m tests.e2e.contact_sheet``.
"""

from __future__ import annotations

import json
import re
from html import escape
from itertools import chain
from pathlib import Path
from typing import Any

from tests.browser import CONSOLE, SHOTS, THEMES, WIDTHS

_THEMES = "|".join(chain(THEMES, CONSOLE.themes))
_NAMED = re.compile(rf"(?P<page>.+)-(?P<theme>{_THEMES})-(?P<width>{'|'.join(map(str, WIDTHS))})")
_STYLE = """
body { margin: 24px; background: #14161a; color: #e8eaee; font: 15px/1.5 system-ui, sans-serif }
a { color: #7aa8ff } nav { columns: 5 180px } section { margin: 32px 0 } h2 { margin: 0 }
.row { display: flex; gap: 12px; overflow-x: auto; align-items: flex-start }
figure { margin: 0 } figcaption, p { color: #a9b0bd; font-size: 13px; margin: 4px 0 }
img { display: block; max-height: 520px; border: 1px solid #333a46; background: #fff }
"""


def sheet(folder: Path) -> str:
    """The page, from the pictures and figures that lie in ``folder``."""
    pages: dict[str, list[Path]] = {}
    for picture in sorted(folder.glob("*.png")):
        named = _NAMED.fullmatch(picture.stem)
        pages.setdefault(named["page"] if named else picture.stem, []).append(picture)
    links = "".join(f'<a href="#{escape(name)}">{escape(name)}</a><br>' for name in pages)
    rows = "".join(_section(folder, name, found) for name, found in pages.items())
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Pages</title>'
        f"<style>{_STYLE}</style><h1>{len(pages)} pages</h1><nav>{links}</nav>{rows}</html>"
    )


def _section(folder: Path, name: str, pictures: list[Path]) -> str:
    shown = "".join(_figure(name, picture) for picture in sorted(pictures, key=_order))
    told = ", ".join(_words(folder / f"{name}{kind}") for kind in (".json", ".lighthouse.json"))
    title = escape(name)
    head = f'<section id="{title}"><h2>{title}</h2><p>{told}</p>'
    return f'{head}<div class="row">{shown}</div></section>'


def _figure(name: str, picture: Path) -> str:
    file, label = escape(picture.name), escape(picture.stem.removeprefix(f"{name}-"))
    drawn = f'<a href="{file}"><img loading="lazy" src="{file}" alt="{label}"></a>'
    return f"<figure>{drawn}<figcaption>{label}</figcaption></figure>"


def _order(picture: Path) -> tuple[int, str]:
    """Wide ones first, then those of a phone."""
    named = _NAMED.fullmatch(picture.stem)
    return (-int(named["width"]) if named else 0, picture.stem)


def _words(file: Path) -> str:
    """The figures kept in a file, those that say something."""
    if not file.exists():
        return ""
    told: dict[str, Any] = json.loads(file.read_text())
    return escape(", ".join(f"{key} {value}" for key, value in told.items() if value != []))


if __name__ == "__main__":
    SHOTS.mkdir(parents=True, exist_ok=True)
    (SHOTS / "index.html").write_text(sheet(SHOTS), encoding="utf-8")
    print(SHOTS / "index.html")
