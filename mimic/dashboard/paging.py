"""Pages of long tables by key: each starts below the id that the one before ended at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.http import HttpRequest

ON_PAGE = 50
_Row = TypeVar("_Row", bound=Model)


def before_of(request: HttpRequest) -> int | None:
    """The id that ``?cursor=`` starts below; None for the newest page and for nonsense."""
    cursor = request.GET.get("cursor", "")
    return int(cursor) if cursor.isdecimal() and len(cursor) < 20 else None


def link_with(request: HttpRequest, **changes: str) -> str:
    """The query of this page with ``changes``; what became empty is left out."""
    query = {**request.GET.dict(), **changes}
    return "?" + urlencode({name: text for name, text in query.items() if text})


def pager(request: HttpRequest, before: int | None, older: int | None) -> dict[str, str]:
    """What ``web/_pager.html`` reads."""
    return {
        "next_url": link_with(request, cursor=str(older)) if older else "",
        "previous_url": link_with(request, cursor="") if before else "",
    }


def newest_ids(
    parts: Sequence[QuerySet[_Row]], accounts: Sequence[int], *, before: int | None, limit: int
) -> list[int]:
    """Ids of the newest rows of all ``parts``, which share none, on these accounts, below
    ``before``.

    Each account is read from the newest end of its own index (account, id): a list of accounts
    in one condition would have all their rows read and sorted.
    """
    if not accounts:
        return []
    below = parts if before is None else [rows.filter(pk__lt=before) for rows in parts]
    first, *others = (
        rows.filter(account_id=key).order_by("-pk").values_list("pk", flat=True)[:limit]
        for key in accounts
        for rows in below
    )
    found: QuerySet[Any, int] = first.union(*others, all=True) if others else first
    return list(found.order_by("-pk")[:limit]) if others else list(found)


def all_ids(
    parts: Sequence[QuerySet[_Row]], accounts: Sequence[int], *, most: int, at_once: int = 1_000
) -> Iterator[list[int]]:
    """All of them, newest first, a chunk a query; ``most`` bounds what one answer may hold."""
    before, left = None, most
    while left > 0 and (
        found := newest_ids(parts, accounts, before=before, limit=min(at_once, left))
    ):
        yield found
        before, left = found[-1], left - len(found)
