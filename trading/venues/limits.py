"""How much a venue lets through, as data: rate windows, slots, and what its refusals ask of us.

Sources: facts/wire-facts.md §1.3, §1.8 (Binance), §2 (Bybit), §3 (OKX), condensed from the
venues' own pages; Coinbase's page "Rate limits" as ccxt quotes it; Upbit's page of
that name and its notice of 2026-08-21. Every other venue of the catalogue gets one window of
requests by address, from the pause that ccxt keeps between two requests there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from trading.venues.catalogue import Entry, catalogue

Scope = Literal["ip", "account"]
Kind = Literal["weight", "orders", "requests"]

LONGEST_WINDOW = 120  # seconds; counters are not kept for longer
_SMALLEST_LIMIT = 5  # windows are chosen so long that they let at least this many through


class Window(NamedTuple):
    """At most ``limit`` of ``kind`` in ``seconds``, per address or per account.

    A venue that tells what was used of it (``used_header``) or what is left (``left_header``)
    corrects our count.
    """

    scope: Scope
    kind: Kind
    limit: int
    seconds: int
    used_header: str = ""
    left_header: str = ""


class Reaction(NamedTuple):
    """After an answer with this code nobody sends there for ``seconds`` (or its Retry-After).

    ``code`` is ours, ``venue_code`` the venue's own; empty matches any. ``closes``: reduce-only
    orders wait as well; without it they go on.
    """

    seconds: float
    code: str = ""
    venue_code: str = ""
    scope: Scope = "ip"
    closes: bool = True

    def matches(self, code: str, venue_code: str) -> bool:
        return self.code in ("", code) and self.venue_code in ("", venue_code)


class Reads(NamedTuple):
    """What reading costs in windows of weight: one look at an order (its state and its trades),
    one account's balance, all quotes once, one instrument's daily candles, its order book, an
    account's settings of one instrument read twice and changed, an account's conditional orders,
    a page of what moved its money.
    """

    look: int = 1
    balance: int = 1
    quotes: int = 1
    candles: int = 1
    book: int = 1
    settings: int = 1
    exits: int = 1
    money: int = 1


@dataclass(frozen=True, slots=True)
class Limits:
    """``order_weight`` is what an order costs in windows of weight; ``in_flight`` how many orders
    one process may have out at once. ``reactions``: the first that matches an answer counts.
    """

    windows: tuple[Window, ...] = ()
    order_weight: int = 1
    reads: Reads = Reads()
    in_flight: int = 64
    reactions: tuple[Reaction, ...] = ()


GENERAL_REACTIONS = (
    Reaction(120.0, code="venue.banned"),
    Reaction(10.0, code="venue.rate_limited"),
)

MAINTENANCE = frozenset({"venue.maintenance"})
"""Codes by which a venue says itself that it is closed for everybody."""

UNWELL = MAINTENANCE | {
    "venue.no_answer", "venue.unreachable", "venue.unavailable", "venue.no_proof",
    "venue.unreadable", "venue.status_unknown",
}  # fmt: skip
"""Codes that speak of the venue's health, not of the order. Whatever else it says, it answers."""

UNLIMITED = Limits(in_flight=512)
"""What is sent nowhere: paper."""

_LIMITS = {
    "binanceusdm": Limits(
        windows=(
            Window("ip", "weight", 2_400, 60, used_header="X-MBX-USED-WEIGHT-1M"),
            Window("account", "orders", 300, 10, used_header="X-MBX-ORDER-COUNT-10S"),
            Window("account", "orders", 1_200, 60, used_header="X-MBX-ORDER-COUNT-1M"),
        ),
        order_weight=0,
        reads=Reads(
            look=1 + 5, balance=5, quotes=5 + 10, book=2, settings=2 * 10 + 3, exits=40, money=30
        ),
        in_flight=512,
        reactions=(
            Reaction(10.0, venue_code="-1015", scope="account"),
            Reaction(1.0, venue_code="-1008", closes=False),
            Reaction(300.0, venue_code="403"),  # its firewall; an answer of the API has a code
        ),
    ),
    "bybit": Limits(
        windows=(
            Window("ip", "requests", 600, 5),
            Window("account", "orders", 10, 1, left_header="X-Bapi-Limit-Status"),
        ),
        in_flight=512,
        reactions=(
            Reaction(600.0, venue_code="403"),  # "access too frequent"
            Reaction(1.0, venue_code="10006", scope="account"),
            Reaction(2.0, venue_code="10429", closes=False),
            Reaction(2.0, venue_code="429", closes=False),  # as HTTP status and as a code: load
        ),
    ),
    "coinbase": Limits(  # 30 requests a second of a user, 10 of an address without keys
        windows=(
            Window("ip", "weight", 100, 10),
            Window("account", "orders", 30, 1, left_header="x-ratelimit-remaining"),
        ),
        order_weight=0,
        reads=Reads(look=0, balance=0, quotes=40, candles=1, book=1, settings=0, exits=0, money=0),
        in_flight=512,
        reactions=(Reaction(1.0, code="venue.rate_limited", scope="account"),),
    ),
    "upbit": Limits(  # orders 12 a second of an account, the rest 30; quotations 10 of an address
        windows=(
            Window("ip", "weight", 10, 1),
            Window("account", "orders", 12, 1, left_header="Remaining-Req"),
        ),
        order_weight=1,  # the book is asked for before a buy at market
        reads=Reads(look=0, balance=1, quotes=3, candles=1, book=1, settings=0, exits=0, money=0),
        in_flight=512,
        reactions=(Reaction(1.0, code="venue.rate_limited", scope="account"),),
    ),
    "okx": Limits(
        windows=(Window("account", "orders", 60, 2),),
        in_flight=512,
        reactions=(
            Reaction(2.0, venue_code="50011", scope="account"),
            Reaction(2.0, venue_code="50061", scope="account"),
        ),
    ),
}


@lru_cache(maxsize=256)
def limits_of(route: str) -> Limits:
    """The venue's limits; what is neither here nor in the catalogue is no venue on the wire."""
    if route in _LIMITS:
        return _LIMITS[route]
    entry = catalogue().entries.get(route)
    return UNLIMITED if entry is None else _from_catalogue(entry)


def reaction(limits: Limits, code: str, venue_code: str) -> Reaction | None:
    """What an answer asks of everybody, if anything."""
    for each in (*limits.reactions, *GENERAL_REACTIONS):
        if each.matches(code, venue_code):
            return each
    return None


def _from_catalogue(entry: Entry) -> Limits:
    if entry.rate_limit_ms <= 0:
        return Limits()
    seconds = min(max(1, math.ceil(_SMALLEST_LIMIT * entry.rate_limit_ms / 1000)), LONGEST_WINDOW)
    limit = max(1, int(seconds * 1000 / entry.rate_limit_ms))
    return Limits(windows=(Window("ip", "requests", limit, seconds),))
