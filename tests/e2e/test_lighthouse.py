"""Lighthouse on every page: accessible, by best practice, and nothing jumps while it loads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client

from tests.api.cast import World
from tests.browser import CHROMIUM, FLAGS, needs_chromium
from tests.cast import a_person
from tests.e2e.judge import GATES, keep, needs_gates, node
from tests.e2e.pages import NEWCOMER, SECURITY, STRANGER, TRADER, Known

pytestmark = [
    pytest.mark.lighthouse,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.e2e.urls"),
    needs_chromium,
    needs_gates,
]
BARS = ("accessibility", "best-practices")
MOST_SHIFT = 0.02
A_PAGE_S = 90


def test_the_traders_pages(world: World, site: str) -> None:
    rule(site, TRADER, world.ids, world.owner.browser)


def test_the_pages_of_somebody_who_has_nothing_yet(site: str) -> None:
    browser = Client()
    browser.force_login(a_person())
    rule(site, NEWCOMER, {}, browser)


def test_the_pages_of_ones_own_security(world: World, site: str) -> None:
    factor = Authenticator.objects.get(user=world.owner.user)
    rule(site, SECURITY, {"factor_id": str(factor.pk)}, world.owner.browser)


def test_the_pages_of_signing_in(site: str) -> None:
    rule(site, STRANGER, {}, None)


def rule(site: str, pages: tuple[Known, ...], ids: dict[str, str], client: Client | None) -> None:
    """Every fault of every page, one a line. Performance is kept beside the pictures, not judged:
    it says more about the machine than about the page.
    """
    name = settings.SESSION_COOKIE_NAME
    cookies = [{"name": name, "value": client.cookies[name].value, "url": site}] if client else []
    asked = {
        "chromium": str(CHROMIUM),
        "flags": FLAGS,
        "cookies": cookies,
        "pages": {each.name: site + each.path(ids) for each in pages},
    }
    told = node(GATES / "lighthouse.mjs", given=json.dumps(asked), timeout=A_PAGE_S * len(pages))
    faults = []
    for page, figures in json.loads(told).items():
        keep(f"{page}.lighthouse", figures)
        faults += [f"{page}: {text}" for text in _faults(figures)]
    assert not faults, "\n".join(["faults:", *faults])


def _faults(figures: dict[str, Any]) -> list[str]:
    low = [f"{bar} {figures[bar]}" for bar in BARS if figures[bar] < 100]
    jumps = [] if (figures["cls"] or 0) <= MOST_SHIFT else [f"CLS {figures['cls']}"]
    return [*low, *jumps, *figures["faults"]]
