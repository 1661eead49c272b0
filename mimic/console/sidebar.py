"""The sidebar by job. Each app registers its links here in ``AppConfig.ready``.

A badge counts rows; all of them are counted in one statement. They must be few and found by an
index, for that happens with every page and every few seconds after it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.db.models import Count, QuerySet, Value
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mimic.console.bounded import bounded_reads

logger = logging.getLogger(__name__)
Badge = Callable[[], QuerySet[Any]]
"""The rows that it counts; without any it is not shown."""
BADGES_MS = 200

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
    sections = list(_visible(request))
    texts = _texts_of(sections)
    return [
        {
            "title": SECTIONS[section],
            "separator": True,
            "items": [_item(link, texts) for link in shown],
        }
        for section, shown in sections
    ]


def badges(request: HttpRequest) -> HttpResponseBase:
    """The badges as ``{url: text}``, polled by console.js so that they stay live."""
    return JsonResponse(_texts_of(list(_visible(request))))


def _visible(request: HttpRequest) -> Iterator[tuple[str, list[Link]]]:
    for section, links in _links.items():
        if shown := [link for link in links if link.allowed(request)]:
            yield section, shown


def _item(link: Link, texts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "title": link.title,
        "icon": link.icon,
        "link": link.url,
        "badge": texts.get(link.url, ""),
        "badge_variant": link.variant,
        "badge_style": "solid",
    }


def _texts_of(sections: Sequence[tuple[str, list[Link]]]) -> dict[str, str]:
    """By address; what counts nothing is not there."""
    return _counted(
        [(link.url, link.badge) for _, shown in sections for link in shown if link.badge]
    )


def _counted(badges: Sequence[tuple[str, Badge]]) -> dict[str, str]:
    """Together; only if that fails each by itself, to tell the one that is broken or too slow."""
    if not badges:
        return {}
    try:
        with bounded_reads(BADGES_MS):
            return _count(badges)
    except DatabaseError:
        if len(badges) > 1:
            return {url: text for each in badges for url, text in _counted([each]).items()}
        ((url, _badge),) = badges
        logger.warning("badge_failed", extra={"link": url}, exc_info=True)
        return {url: "?"}


def _count(badges: Sequence[tuple[str, Badge]]) -> dict[str, str]:
    first, *others = [
        badge().order_by().annotate(place=Value(place)).values("place").annotate(rows=Count("*"))
        for place, (_url, badge) in enumerate(badges)
    ]
    found = first.union(*others, all=True).values_list("place", "rows")
    return {badges[place][0]: str(rows) for place, rows in found if rows}
