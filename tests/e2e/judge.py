"""What is asked of every page, whoever made it: it fits, is light, is clean and accessible.

Run in full by ``make e2e`` (``GATES=all``): three themes with their pictures. ``make test`` looks
in the first theme alone and takes no pictures.
"""

from __future__ import annotations

import gzip
import json
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from playwright.sync_api import Page, Response

from tests.browser import (
    HEIGHT,
    SHOTS,
    THEMES,
    THOROUGH,
    WIDTHS,
    photograph,
    settled,
    watched,
    wear,
)  # fmt: skip

GATES = Path(__file__).resolve().parent / "gates"
INSTALLED = GATES / "node_modules"
WIRE_LIMIT = 200_000
PACKED = (".woff2", ".png", ".webp")
LOADED = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
  .filter(({ initiatorType, name }) => initiatorType !== "xmlhttprequest" && /^http/.test(name))
  .map(({ name, encodedBodySize }) => [name, encodedBodySize])"""

needs_gates = pytest.mark.skipif(not INSTALLED.is_dir(), reason="needs deploy/gates (npm)")


class Judge:
    """Looks at one page after another; ``faults`` names the page with each."""

    def __init__(self, page: Page, *, thorough: bool = THOROUGH) -> None:
        self.page = page
        self.thorough = thorough
        self.faults: list[str] = []
        self._errors = watched(page)
        self._answers: list[Response] = []
        self._sent: dict[str, str] = {}
        page.add_init_script("Math.random = () => 0")  # live pages resync at once, not in 3 s
        page.on("response", self._hear)

    def _hear(self, answer: Response) -> None:
        self._answers.append(answer)

    def open(self, name: str, url: str, *, status: int = 200) -> None:
        """Go there and look; ``status`` is what the page must answer with."""
        self._errors.clear()
        self._answers.clear()
        answer = self.page.goto(url, wait_until="networkidle")
        if answer is None or answer.status != status:
            self.faults.append(f"{name}: answered {answer and answer.status}, not {status}")
        weight = self._weight()
        if weight > WIRE_LIMIT:
            self.faults.append(f"{name}: weighs {weight} bytes")
        self.look(name, bytes=weight)

    def look(self, name: str, **figures: int) -> None:
        """Judge the page as it stands now."""
        before = len(self.faults)
        documents = [it for it in self._answers if it.request.is_navigation_request()]
        self._sent[name] = documents[-1].text()
        for theme in THEMES if self.thorough else THEMES[:1]:
            wear(self.page, theme)
            for width in WIDTHS:
                self.page.set_viewport_size({"width": width, "height": HEIGHT})
                self._fits(f"{name} {theme} {width}", width)
                self._accessible(f"{name} {theme} {width}")
        self.faults += [f"{name}: console: {text}" for text in self._errors if not _told(text)]
        self.faults += [f"{name}: {it.url}: {it.status}" for it in self._answers if _missing(it)]
        if self.thorough:
            photograph(self.page, name)
            keep(name, {**figures, "faults": len(self.faults) - before})

    def rules(self) -> None:
        """The end of it: every fault of every page, one a line."""
        self.faults += html_faults(self._sent)
        assert not self.faults, "\n".join(["faults:", *self.faults])

    def _fits(self, where: str, width: int) -> None:
        reach = settled(self.page, "() => document.documentElement.scrollWidth")
        if reach > width:
            self.faults.append(f"{where}: reaches {reach} px")

    def _accessible(self, where: str) -> None:
        """axe-core's default rules, none disabled; DevTools may inject it under a strict policy."""
        page = self.page
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate((INSTALLED / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
        for broken in page.evaluate("async () => (await axe.run()).violations"):
            at = [str(node["target"][0]) for node in broken["nodes"][:3]]
            self.faults.append(f"{where}: axe: {broken['id']}: {broken['help']} {at}")

    def _weight(self) -> int:
        """Bytes of the bodies of the page and of all it loads; a language brings its letters.

        As the page itself tells them, out of a cache or not. What htmx asks for again is no part.
        """
        loaded = self.page.evaluate(LOADED)
        return sum(_wire_size(urlsplit(url).path, size) for url, size in loaded)


def _wire_size(path: str, size: int) -> int:
    return _static_size(path) if path.startswith(settings.STATIC_URL) else size


@cache
def _static_size(path: str) -> int:
    """Of the file as WhiteNoise serves it: with a gzip twin, unless it is compressed already."""
    found = finders.find(path.removeprefix(settings.STATIC_URL))
    assert isinstance(found, str), path
    body = Path(found).read_bytes()
    return len(body if found.endswith(PACKED) else gzip.compress(body, 9))


def _told(text: str) -> bool:
    """Chromium's own line about a status: the page's is asserted, the others are missing."""
    return text.startswith("Failed to load resource: the server responded with a status of ")


def _missing(answer: Response) -> bool:
    return answer.status >= 400 and not answer.request.is_navigation_request()


def html_faults(sent: dict[str, str]) -> list[str]:
    """html-validate's recommended rules on what the server sent, by name of the page.

    ``gates/.htmlvalidate.json`` departs from them where they are a matter of taste (the case of the
    doctype, blanks at a line's end), where ARIA knows no native element (a list of suggestions is a
    listbox) and where an id is an address that we have promised (``/problems/#alert.refused``).
    """
    with TemporaryDirectory() as folder:
        for name, html in sent.items():
            (Path(folder) / f"{name}.html").write_text(html, encoding="utf-8")
        rules = str(GATES / ".htmlvalidate.json")
        script = INSTALLED / "html-validate" / "bin" / "html-validate.mjs"
        told = node(script, "--formatter=json", "-c", rules, folder)
    return [
        f"{Path(each['filePath']).stem}: html: {it['ruleId']} at {it['line']}: {it['message']}"
        for each in json.loads(told)
        for it in each["messages"]
    ]


def node(script: Path, *arguments: str, given: str = "", timeout: float = 120) -> str:
    """What a script prints; html-validate's exit code only says that there were faults."""
    done = subprocess.run(
        ["node", str(script), *arguments],
        input=given, capture_output=True, text=True, check=False, timeout=timeout,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.stdout


def keep(name: str, figures: dict[str, object]) -> None:
    """Beside the page's pictures; ``tests.e2e.contact_sheet`` shows them."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    (SHOTS / f"{name}.json").write_text(json.dumps(figures))
