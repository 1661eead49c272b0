"""What a venue tells an account by itself: its user stream in our words.

Quantities are base units, prices quote currency, times aware UTC. News may be lost, doubled and
disordered; nothing here promises anything about the order in which they came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from trading.domain.ports import FillReport, MarginMode, OrderState, PositionSide, Side


@dataclass(frozen=True, slots=True)
class OrderNews:
    """An order as it stands. ``executed`` is all that has filled of it.

    ``forced``: the venue's own order, by which it liquidates or deleverages.
    """

    venue_order_id: str
    client_id: str
    symbol: str
    side: Side
    position_side: PositionSide
    quantity: Decimal
    reduce_only: bool
    state: OrderState
    executed: Decimal
    at: datetime
    forced: bool = False


@dataclass(frozen=True, slots=True)
class FillNews:
    """One trade, with what is told of its order; the side is None where only the order's own
    news tell it.
    """

    fill: FillReport
    client_id: str
    position_side: PositionSide | None
    forced: bool = False


@dataclass(frozen=True, slots=True)
class PositionNews:
    """A position as it stands; ``quantity`` is signed (short is negative), 0 when it is closed."""

    symbol: str
    position_side: PositionSide
    quantity: Decimal
    entry_price: Decimal
    at: datetime
    margin_mode: MarginMode | None = None


@dataclass(frozen=True, slots=True)
class ExitNews:
    """An order that waits at the venue for its price, to close: a stop (``stops``) or a target.

    ``quantity`` 0 closes all. Not ``alive``: it was taken out, triggered or refused.
    """

    order_id: str
    client_id: str
    symbol: str
    side: Side
    position_side: PositionSide
    stops: bool
    price: Decimal
    quantity: Decimal
    alive: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class BalanceNews:
    """Money moved. ``reason`` is the venue's word; totals are asked for, not told."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SettingsNews:
    """Somebody changed how the account trades; None for what this news does not speak of.

    ``symbol`` is empty for what holds for the whole account.
    """

    symbol: str
    at: datetime
    leverage: int | None = None
    margin_mode: MarginMode | None = None
    hedged: bool | None = None


News = OrderNews | FillNews | PositionNews | BalanceNews | SettingsNews | ExitNews


class Breach(StrEnum):
    """Why a stream is not what it was."""

    CLOSED = "closed"  # the socket ended
    SILENT = "silent"  # it was up and said nothing, not even to a ping
    KEY_GONE = "key_gone"  # the venue ended the subscription
    RENEWED = "renewed"  # we replaced it before the venue would
    UNREADABLE = "unreadable"  # a message that we should know and could not read
    MISSED = "missed"  # the venue's numbers, or its sums, say that something was not told
    REFUSED = "refused"  # the venue does not let these keys in
    UNAVAILABLE = "unavailable"  # it could not be opened

    @property
    def noticed_late(self) -> bool:
        """Whether nobody knows since when nothing was told, only when something was at last."""
        return self in (Breach.SILENT, Breach.KEY_GONE)

    @property
    def goes_on(self) -> bool:
        """Whether the same connection goes on after it."""
        return self in (Breach.UNREADABLE, Breach.MISSED)


@dataclass(frozen=True, slots=True)
class Joined:
    """Connected and let in: everything from here on is told, nothing from before."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Something may have been missed."""

    breach: Breach
    message: str = ""


Heard = News | Joined | Broken


class UserStream(Protocol):
    """One account's stream."""

    async def run(self, hear: Callable[[Heard], None]) -> None:
        """Tell ``hear`` all that is heard until cancelled; connects again by itself."""
        ...

    async def orders(self, symbol: str, venue_order_id: str = "") -> Sequence[OrderNews]:
        """By asking: the symbol's open orders, whosever they are, or the one that is named.

        Raises VenueUnavailable, for a named one that is not found as well.
        """
        ...

    async def symbols(self) -> frozenset[str]:
        """What can be asked about: all that the venue lists. Raises VenueUnavailable."""
        ...

    @property
    def tells_fills(self) -> bool:
        """Whether each trade comes by itself; else orders' news tell sums, and :meth:`fills`
        the trades.
        """
        ...

    async def fills(self, symbol: str, venue_order_id: str) -> Sequence[FillReport]:
        """By asking: every trade of one order, old ones too; none where its venue tells them by
        time alone. Raises VenueUnavailable.
        """
        ...

    @property
    def tells_exits(self) -> bool:
        """Whether stops and targets come by themselves; else only :meth:`exits` finds them."""
        ...

    async def exits(self) -> Sequence[ExitNews]:
        """By asking: every stop and target that waits now. Raises VenueUnavailable."""
        ...
