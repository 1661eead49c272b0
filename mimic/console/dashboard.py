"""Tiles of the console's front page. Each app registers its own in ``AppConfig.ready``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext

from mimic.console.bounded import bounded_reads

logger = logging.getLogger(__name__)
TILE_MS = 1_000


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure. ``tone`` is good, bad, warn or plain; ``hint`` says what the figure means."""

    title: str | Promise
    value: str
    hint: str | Promise = ""
    tone: str = "plain"
    url: str = ""


TileFunction = Callable[[HttpRequest], Tile | None]
_tiles: dict[str, tuple[int, TileFunction]] = {}


def register_tile(name: str, function: TileFunction, *, order: int = 100) -> None:
    """Show what ``function`` returns (None: nothing). Lower ``order`` first; one tile a name."""
    _tiles[name] = (order, function)


def tiles(request: HttpRequest) -> list[Tile]:
    """All tiles in order. A tile that the database fails says so and blanks nothing else."""
    ordered = sorted(_tiles.items(), key=lambda entry: (entry[1][0], entry[0]))
    made = [_made(request, name, function) for name, (_order, function) in ordered]
    return [tile for tile in made if tile is not None]


def _made(request: HttpRequest, name: str, function: TileFunction) -> Tile | None:
    try:
        with bounded_reads(TILE_MS):
            return function(request)
    except DatabaseError:
        logger.exception("tile_failed", extra={"tile": name})
        return Tile(
            title=name, value="—", hint=gettext("This figure could not be read."), tone="warn"
        )
