"""Debian's Chromium for the tests: opening it, signing in, watching it and taking its pictures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright
from playwright.sync_api import Error as BrowserError

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
THOROUGH = os.environ.get("GATES") == "all"
"""In ``make e2e``; ``make test`` measures pages in the same looks and widths without a picture."""
SHOTS = Path(__file__).resolve().parent.parent / "var" / "shots"
THEMES = ("dark-trader", "professional", "gold-minimal")
WIDTHS = (1440, 390)
HEIGHT = 900
FADE_MS = 200  # colours change over 120 ms
NEW_DOCUMENTS = 5
LEFT = ("htmx:afterRequest, ", "htmx:sendError, ", "htmx:sendAbort, ")
"""What htmx says of a request that its page was left during, as when the network failed; of that
the browser has an error of its own (``Failed to load resource``)."""
# The height that shows all of a page, its tabs at the foot; what is over it is shown as it opens.
WHOLE = """() => document.querySelector("dialog[open]")
  ? window.innerHeight : Math.max(window.innerHeight, document.documentElement.scrollHeight)"""

needs_chromium = pytest.mark.skipif(
    not CHROMIUM.exists(), reason="needs Debian's chromium (apt-get install)"
)


@dataclass(frozen=True, slots=True)
class Looks:
    """How a site's pages are put into a theme: ``put`` sets it, ``shown`` tells which one it is."""

    themes: tuple[str, ...]
    put: str
    shown: str
    prefix: str = ""


TRADER = Looks(
    THEMES,
    put="""(theme) => {
        document.documentElement.dataset.theme = theme;
        for (const field of document.querySelectorAll("select[data-setting=theme]")) {
            field.value = theme;
        }
        document.dispatchEvent(new CustomEvent("mimic:appearance"));  // charts draw anew
    }""",
    shown="() => document.documentElement.dataset.theme",
)
CONSOLE = Looks(
    ("light", "dark"),
    put="(theme) => document.documentElement.classList.toggle('dark', theme === 'dark')",
    shown="() => document.documentElement.classList.contains('dark') ? 'dark' : 'light'",
    prefix="console-",
)


@contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A browser; meanwhile the ORM may be called beside the loop that Playwright keeps here."""
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        yield opened
        opened.close()


@contextmanager
def signed_in(site: str, client: Client) -> Iterator[BrowserContext]:
    """A browser at ``site`` with the session of ``client``."""
    with chromium() as browser:
        context = browser.new_context(viewport={"width": WIDTHS[0], "height": HEIGHT})
        add_session(context, site, client)
        yield context


def add_session(context: BrowserContext, site: str, client: Client) -> None:
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])


def watched(page: Page) -> list[str]:
    """Console errors, CSP violations among them, and uncaught exceptions as they come."""
    found: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(LEFT):
            found.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def settled(page: Page, script: str, argument: object = None) -> Any:
    """What ``script`` says in the document that stays.

    Right after a click the old document may just be leaving: its context is destroyed, or it has
    no root any more. Callers expect a heading of the new page first; this waits out the rest.
    """
    for _ in range(NEW_DOCUMENTS):
        page.wait_for_load_state("load")
        try:
            return page.evaluate(script, argument)
        except BrowserError as fault:
            reason = fault
            page.wait_for_timeout(50)
    raise reason


def shoot(page: Page, name: str, looks: Looks = TRADER) -> None:
    """Pictures in every theme at both widths; nothing may stand out at the side."""
    wide = photograph(page, name, looks)
    assert not wide, wide


def photograph(page: Page, name: str, looks: Looks = TRADER) -> list[str]:
    """Take the pictures; where the page is wider than its screen."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    wide = []
    for theme in looks.themes:
        wear(page, theme, looks, FADE_MS if THOROUGH else 0)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": HEIGHT})
            page.set_viewport_size({"width": width, "height": settled(page, WHOLE)})
            if THOROUGH:
                page.screenshot(path=SHOTS / f"{looks.prefix}{name}-{theme}-{width}.png")
            reach = settled(page, "() => document.documentElement.scrollWidth")
            wide += [f"{name} {theme}: {reach} of {width} px"] if reach > width else []
        assert settled(page, looks.shown) == theme, f"{name}: another page came in between"
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    return wide


def wear(page: Page, theme: str, looks: Looks = TRADER, fade_ms: int = FADE_MS) -> None:
    """Put the page into a theme and wait until its colours stand still."""
    if settled(page, looks.shown) != theme:
        settled(page, looks.put, theme)
        page.wait_for_timeout(fade_ms)
