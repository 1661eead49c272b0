"""Panels of the console: small tables with bars, filled by the apps that know.

They stand on the front page and on the page about a person.

Registered in ``AppConfig.ready`` like tiles; a panel that the database fails says so and blanks
nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext

from mimic.console.bounded import bounded_reads

logger = logging.getLogger(__name__)
PANEL_MS = 1_000
Text = str | Promise


@dataclass(frozen=True, slots=True)
class Row:
    """``cells`` stand under the panel's columns. ``share`` (0-100) draws a bar under the label;
    ``tone`` is up, down, warn, info or neutral; ``url`` leads to where the work is done.
    """

    label: Text
    cells: Sequence[Text] = ()
    share: int | None = None
    tone: str = "neutral"
    url: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """``columns`` are the headings: the label's first. ``empty`` is said when there are no rows."""

    title: Text
    columns: Sequence[Text]
    rows: Sequence[Row]
    empty: Text = ""
    wide: bool = False


PanelFunction = Callable[[HttpRequest], Panel | None]
PersonFunction = Callable[[HttpRequest, int], Panel | None]
_panels: dict[str, tuple[int, PanelFunction]] = {}
_of_people: dict[str, tuple[int, PersonFunction]] = {}


def register_panel(name: str, function: PanelFunction, *, order: int = 100) -> None:
    """Show what ``function`` returns (None: nothing). Lower ``order`` first; one panel a name."""
    _panels[name] = (order, function)


def register_person_panel(name: str, function: PersonFunction, *, order: int = 100) -> None:
    """A panel of the page about one person, by their id."""
    _of_people[name] = (order, function)


def panels(request: HttpRequest) -> list[Panel]:
    made = [_made(request, name, function) for name, function in _ordered(_panels)]
    return [panel for panel in made if panel is not None]


def panels_of(request: HttpRequest, person_id: int) -> list[Panel]:
    """Everything that the apps know of the person and staff may see."""
    made = [
        _made(request, name, lambda asked, tell=function: tell(asked, person_id))  # type: ignore[misc]
        for name, function in _ordered(_of_people)
    ]
    return [panel for panel in made if panel is not None]


def _ordered(registry: dict[str, tuple[int, Any]]) -> list[tuple[str, Any]]:
    ranked = sorted(registry.items(), key=lambda entry: (entry[1][0], entry[0]))
    return [(name, function) for name, (_order, function) in ranked]


def _made(request: HttpRequest, name: str, function: PanelFunction) -> Panel | None:
    try:
        with bounded_reads(PANEL_MS):
            return function(request)
    except DatabaseError:
        logger.exception("panel_failed", extra={"panel": name})
        return Panel(name, [], [], gettext("This panel could not be read."))
