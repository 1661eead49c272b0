"""What a venue says in its own way, for an adapter that serves many venues."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol, runtime_checkable

from trading.domain.keys import KeyReport
from trading.domain.ports import (
    AccountSettings,
    BalanceReport,
    MoneyReport,
    OrderRequest,
    PositionReport,
    Quote,
)
from trading.venues.fast.protocol import FastOrders
from trading.venues.listing import Listing
from trading.venues.streams.protocol import UserStreams
from trading.venues.verdicts import Row, VenueError
from trading.venues.wire import Reply


class Dialect(Protocol):
    """One object per venue. ``client`` is the adapter's client, signed in for one account.

    ``names`` maps the venue's instrument ids to our symbols. Readers raise anything (KeyError,
    TypeError, decimal errors) on a shape they do not know: the adapter turns all of it into
    :class:`trading.domain.ports.VenueUnavailable`.
    """

    @property
    def options(self) -> Mapping[str, Any]: ...

    @property
    def acceptance_window(self) -> timedelta:
        """How long after a POST the venue may still accept it."""
        ...

    @property
    def fast(self) -> FastOrders | None:
        """The short way of an order, where the venue has one."""
        ...

    @property
    def errors(self) -> tuple[Row, ...]: ...

    @property
    def absent_codes(self) -> frozenset[str]:
        """Codes that answer a lookup by client id with "no such order"."""
        ...

    @property
    def usage_header(self) -> str:
        """The header that tells the request weight used by this address."""
        ...

    @property
    def trades_window(self) -> timedelta: ...

    @property
    def trades_page(self) -> int: ...

    @property
    def max_leverage(self) -> int:
        """Used where the public catalogue names none."""
        ...

    def read_error(self, reply: Reply) -> VenueError: ...

    def rows(self, answer: Any) -> list[Any]:
        """The rows inside a list answer, as many as ccxt must find. Raises TypeError."""
        ...

    def order_params(self, order: OrderRequest) -> Mapping[str, Any]: ...

    async def cancel(self, client: Any, unified: str, client_id: str) -> bool:
        """By ccxt. False when the venue plainly has no such order open; raises what ccxt raises."""
        ...

    async def balance(self, client: Any) -> BalanceReport: ...

    async def find_order(
        self, client: Any, unified: str, client_id: str
    ) -> Mapping[str, Any] | None:
        """ccxt's order shape; None when the venue plainly knows no such order. Raises otherwise."""
        ...

    async def positions(self, client: Any, listings: Mapping[str, Listing]) -> list[PositionReport]:
        """``listings`` by the venue's id; what it lists no more keeps that id, never hidden."""
        ...

    async def quotes(self, client: Any, names: Mapping[str, str]) -> list[Quote]: ...


@runtime_checkable
class InspectingDialect(Protocol):
    """Optional: a dialect that knows how to ask what keys may do (``None`` where it cannot)."""

    async def inspect(self, client: Any, *, demo: bool) -> KeyReport: ...


@runtime_checkable
class SettingDialect(Protocol):
    """Optional: a dialect that knows how settings are refused, and how they are read."""

    @property
    def settled_codes(self) -> frozenset[str]:
        """Codes by which the venue says that it is so now, or was so before."""
        ...

    @property
    def exposure_codes(self) -> frozenset[str]:
        """Codes that refuse a change while positions or orders are open."""
        ...

    @property
    def leverage_params(self) -> Mapping[str, Any]:
        """What ccxt's ``set_leverage`` needs besides."""
        ...

    async def settings(self, client: Any, listing: Listing) -> AccountSettings: ...


@runtime_checkable
class LackingDialect(Protocol):
    """Optional: a venue that cannot do what most can. What it lacks is refused, never faked."""

    @property
    def fixed_settings(self) -> bool:
        """Whether leverage, margin and position mode are the venue's alone to decide."""
        ...

    def lacks(self, order: OrderRequest) -> str:
        """Our code for what the order asks for in vain; empty when the venue can do it."""
        ...


@runtime_checkable
class BoundingDialect(Protocol):
    """Optional: a venue that takes some orders only with a price."""

    async def bounded(self, client: Any, order: OrderRequest, listing: Listing) -> OrderRequest:
        """The order as the venue can take it; ``client`` has no keys. Raises like the readers."""
        ...


@runtime_checkable
class SilentDialect(Protocol):
    """Optional: a venue that turns a wrong time away like a wrong key, without saying which."""

    @property
    def clock_tolerance(self) -> timedelta:
        """How far a request's time may be from the venue's."""
        ...


@runtime_checkable
class PagingDialect(Protocol):
    """Optional: a dialect that reads long lists whole, where ccxt would lose the older pages."""

    async def open_client_ids(self, client: Any, listing: Listing) -> frozenset[str]: ...

    async def trades(self, client: Any, listing: Listing, since_ms: int) -> list[Mapping[str, Any]]:
        """ccxt's trades from ``since_ms`` (venue milliseconds) on, oldest first, each once."""
        ...


@runtime_checkable
class MoneyDialect(Protocol):
    """Optional: a venue that keeps an account of the wallet which its balance tells."""

    async def money(
        self, client: Any, since: datetime, listings: Mapping[str, Listing]
    ) -> list[MoneyReport]:
        """What changed the wallet from ``since`` (by the venue's clock) on, apart from trades
        that :meth:`Gateway.fills` tells; oldest first, each once. ``listings`` by the venue's id.
        """
        ...


@runtime_checkable
class StreamingDialect(Protocol):
    """Optional: a dialect whose venue tells accounts what happens to them, and that reads it."""

    @property
    def streams(self) -> UserStreams: ...
