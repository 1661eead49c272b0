"""The sidebar by job. Each app registers its links here in ``AppConfig.ready``.

A badge is a function of the request that returns a short text, or nothing to show; it must be
cheap (an index or a cached figure), for it runs with every page and every few seconds after it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mimic.console.bounded import bounded_reads

logger = logging.getLogger(__name__)
Badge = Callable[[HttpRequest], str | int | None]
BADGE_MS = 200

SECTIONS: dict[str, str | Promise] = {
    "monitor": _("Monitor"),
    "trading": _("Trading"),
    "signals": _("Signals"),
    "people": _("People"),
    "money": _("Money"),
    "community": _("Community"),
    "system": _("System"),
}


@dataclass(frozen=True, slots=True)
class ModelLink:
    """The list of a model (``app.model``), shown to whoever may view it."""

    title: str | Promise
    model: str
    icon: str = ""
    badge: Badge | None = None
    variant: str = "info"

    @property
    def url(self) -> str:
        return reverse(f"admin:{self.model.replace('.', '_')}_changelist")

    def allowed(self, request: HttpRequest) -> bool:
        app, model = self.model.split(".")
        return request.user.has_perm(f"{app}.view_{model}")


@dataclass(frozen=True, slots=True)
class PageLink:
    """Any other page, by its URL name, shown to all staff."""

    title: str | Promise
    name: str
    icon: str = ""
    badge: Badge | None = None
    variant: str = "info"

    @property
    def url(self) -> str:
        return reverse(self.name)

    def allowed(self, request: HttpRequest) -> bool:
        return True


Link = ModelLink | PageLink
_links: dict[str, list[Link]] = {section: [] for section in SECTIONS}


def register_section(section: str, *links: Link) -> None:
    """Add links to a section. Raises KeyError for a section that does not exist."""
    _links[section].extend(link for link in links if link not in _links[section])


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's ``SIDEBAR.navigation`` callback."""
    with bounded_reads(BADGE_MS):
        return [
            {
                "title": SECTIONS[section],
                "separator": True,
                "items": [_item(request, link) for link in shown],
            }
            for section, shown in _visible(request)
        ]


def badges(request: HttpRequest) -> HttpResponseBase:
    """The badges as ``{url: text}``, polled by console.js so that they stay live."""
    with bounded_reads(BADGE_MS):
        found = {
            link.url: _badge(request, link) for _name, shown in _visible(request) for link in shown
        }
    return JsonResponse({url: text for url, text in found.items() if text})


def _visible(request: HttpRequest) -> Iterator[tuple[str, list[Link]]]:
    for section, links in _links.items():
        if shown := [link for link in links if link.allowed(request)]:
            yield section, shown


def _item(request: HttpRequest, link: Link) -> dict[str, Any]:
    return {
        "title": link.title,
        "icon": link.icon,
        "link": link.url,
        "badge": _badge(request, link),
        "badge_variant": link.variant,
        "badge_style": "solid",
    }


def _badge(request: HttpRequest, link: Link) -> str:
    """Inside the caller's time limit; a savepoint keeps one badge's fault from the others."""
    if link.badge is None:
        return ""
    try:
        with transaction.atomic():
            value = link.badge(request)
    except DatabaseError:
        logger.warning("badge_failed", extra={"link": link.url}, exc_info=True)
        return "?"
    return "" if value in (None, 0, "") else str(value)
