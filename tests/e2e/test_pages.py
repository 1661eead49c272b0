"""The judges' list of pages is whole: a new route is a page there or says why it is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from django.urls import URLPattern, URLResolver, get_resolver

from tests.e2e.pages import NEWCOMER, OTHERS, SECURITY, STRANGER, TRADER


def test_no_page_escapes_the_judge() -> None:
    known = {each.route for each in chain(TRADER, NEWCOMER, SECURITY, STRANGER)}
    assert set(_routes(get_resolver().url_patterns)) - known - OTHERS == set()


def _routes(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str]:
    """Names of all routes but those of the console and the API."""
    for each in patterns:
        if isinstance(each, URLResolver):
            if not str(each.pattern).startswith(("admin/", "api/v1/")):
                yield from _routes(each.url_patterns)
        elif each.name:
            yield each.name
