"""What there is to look at, what a look found, and the record that doubts leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from trading.domain.ports import FillReport, OrderState
from trading.models import ExternalOrder, OrderAttempt, OrderLook

UNCLEAR = ("unknown", "needs_person")


@dataclass(frozen=True, slots=True)
class Due:
    """An order to look at, with its newest attempt.

    ``filled`` is what our books hold, ``reported_filled`` what the acknowledgement claimed. It left
    us not before ``claimed_at`` and not after ``sent_at``, which is when a sender that died was
    given up.
    """

    order_id: int
    account_id: int
    route: str
    symbol: str
    side: str
    status: str
    quantity: Decimal
    filled: Decimal
    valid_until: datetime | None
    fence: int
    client_id: str
    venue_order_id: str
    reported_filled: Decimal
    sent_at: datetime
    lookups: int
    claimed_at: datetime

    @property
    def unclear(self) -> bool:
        """Whether it is not known that the venue has the order."""
        return self.status in UNCLEAR


@dataclass(frozen=True, slots=True)
class Books:
    """What we know of an account in a symbol: the venue's ids of orders that are certainly not the
    one in doubt (others of ours, and the owner's that were told of by name), and what is held by
    position side, in signed base units, the owner's own and what nobody could explain included.
    """

    orders: frozenset[str] = frozenset()
    held: Mapping[str, Decimal] = field(default_factory=dict)


class Finding(StrEnum):
    """What the look-up showed."""

    PLACED = "placed"
    ABSENT = "absent"
    UNCLEAR = "unclear"


class Seen(NamedTuple):
    """One question to the venue, or to our own books, and what came."""

    asked: str
    came: str


@dataclass(frozen=True, slots=True)
class Found:
    """``fills`` are the order's own, old ones included; ``state`` is the venue's, when placed.

    ``missing``: the venue says that it has no such order, which is no proof by itself.
    """

    due: Due
    finding: Finding
    venue_order_id: str = ""
    state: OrderState | None = None
    executed: Decimal = Decimal(0)
    fills: tuple[FillReport, ...] = ()
    message: str = ""
    missing: bool = False
    evidence: tuple[Seen, ...] = ()


_HELD = """
SELECT position_side, sum(quantity) FROM (
    SELECT position_side, quantity FROM trading_position
     WHERE account_id = %(account)s AND symbol = %(symbol)s
    UNION ALL
    SELECT position_side, quantity + unexplained FROM trading_externalposition
     WHERE account_id = %(account)s AND symbol = %(symbol)s) held
 GROUP BY 1
"""


def books_of(account_id: int, symbol: str) -> Books:
    """What a look compares the venue with."""
    ours = OrderAttempt.objects.filter(order__account_id=account_id, order__symbol=symbol)
    named = ours.exclude(venue_order_id="").values_list("venue_order_id", flat=True)
    theirs = ExternalOrder.objects.filter(account_id=account_id, symbol=symbol)
    theirs = theirs.exclude(client_id__startswith=f"m{settings.MIMIC_INSTANCE}")
    with connection.cursor() as cursor:
        cursor.execute(_HELD, {"account": account_id, "symbol": symbol})
        held = dict(cursor.fetchall())
    others = theirs.values_list("venue_order_id", flat=True)
    return Books(frozenset(named.union(others)), held)


def note_looks(found: Sequence[Found], now: datetime) -> None:
    """Orders that nobody is sure of leave what was asked and what came on record."""
    OrderLook.objects.bulk_create(
        OrderLook(
            order_id=each.due.order_id,
            client_id=each.due.client_id,
            at=now,
            finding=each.finding.value,
            evidence=[each_seen._asdict() for each_seen in each.evidence],
        )
        for each in found
    )
