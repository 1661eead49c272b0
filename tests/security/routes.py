"""Every route of the project with something filled in for its arguments."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern, RoutePattern

_FILLED = {
    "int": "1",
    "str": "x",
    "slug": "x",
    "path": "1",
    "uuid": "01890000-0000-7000-8000-000000000000",
}
_ARGUMENT = re.compile(r"<(?:(\w+):)?\w+>")
_GROUP = re.compile(r"\(\?P<\w+>[^)]*\)")


class Route(NamedTuple):
    """``pattern`` is how it is written, ``path`` one address that it matches."""

    pattern: str
    path: str
    view: Callable[..., Any]


def all_routes() -> list[Route]:
    return list(_walk(get_resolver().url_patterns, "/", "/"))


def _walk(patterns: list[Any], written: str, filled: str) -> Iterator[Route]:
    for each in patterns:
        text, path = written + str(each.pattern), filled + _fill(each.pattern)
        if isinstance(each, URLResolver):
            yield from _walk(each.url_patterns, text, path)
        elif isinstance(each, URLPattern):
            yield Route(text, path, each.callback)


def _fill(pattern: Any) -> str:
    if isinstance(pattern, RoutePattern):
        return _ARGUMENT.sub(lambda found: _FILLED[found[1] or "str"], str(pattern))
    if isinstance(pattern, RegexPattern):
        plain = _GROUP.sub("x", str(pattern))
        return re.sub(r"\\(.)", r"\1", plain).strip("^$")
    return str(pattern)
