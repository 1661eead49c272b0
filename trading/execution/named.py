"""Whose order is it: ours by the client id that we gave, or by the venue's id where news do not
carry ours; and nobody else's account.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from mimic.core.bulk import columns_of
from trading.domain.news import FillNews, News, OrderNews


class Named(NamedTuple):
    """How news name their order. The venue's id counts only without a client id."""

    account_id: int
    client_id: str
    venue_order_id: str

    @classmethod
    def of(cls, account_id: int, news: News) -> Named:
        """Raises TypeError for news that are about no order."""
        match news:
            case FillNews(fill=fill, client_id=client_id):
                venue_order_id = fill.venue_order_id
            case OrderNews(client_id=client_id, venue_order_id=venue_order_id):
                pass
            case _:
                raise TypeError(f"{type(news).__name__} names no order")
        return cls(account_id, client_id, "" if client_id else venue_order_id)


class Own(NamedTuple):
    """An order of ours, with the attempt that was named."""

    order_id: int
    account_id: int
    client_id: str
    venue_order_id: str
    status: str


_SELECT = (
    "SELECT o.id, o.account_id, a.client_id, a.venue_order_id, o.status "
    "FROM unnest(%s::bigint[], %s::text[]) AS c(account_id, name) "
)
_BY_CLIENT_ID = (
    _SELECT + "JOIN trading_orderattempt a ON a.client_id = c.name "
    "JOIN trading_order o ON o.id = a.order_id AND o.account_id = c.account_id"
)
_BY_VENUE_ID = (
    _SELECT + "JOIN trading_order o ON o.account_id = c.account_id "
    "JOIN trading_orderattempt a ON a.order_id = o.id AND a.venue_order_id = c.name"
)


def find_own(named: Iterable[Named]) -> dict[Named, Own]:
    """The named orders that are ours."""
    wanted = set(named)
    clients = sorted({(each.account_id, each.client_id) for each in wanted if each.client_id})
    nameless = {each for each in wanted if not each.client_id}
    venues = sorted({(each.account_id, each.venue_order_id) for each in nameless})
    found = {Named(own.account_id, own.client_id, ""): own for own in _rows(_BY_CLIENT_ID, clients)}
    found |= {
        Named(own.account_id, "", own.venue_order_id): own for own in _rows(_BY_VENUE_ID, venues)
    }
    return found


def _rows(query: str, pairs: list[tuple[int, str]]) -> list[Own]:
    if not pairs:
        return []
    with connection.cursor() as cursor:
        cursor.execute(query, columns_of(pairs, 2))
        return list(map(Own._make, cursor.fetchall()))
