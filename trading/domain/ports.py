"""What the engine asks of a venue, and what a venue may answer.

Gateways (ccxt venues, paper) implement :class:`Gateway` and register a factory under the
venue's adapter name; nothing outside an adapter's own folder knows which one answers.
Every quantity is in base-currency units and every price in quote currency, both Decimal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from trading.domain.news import UserStream


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class PositionSide(StrEnum):
    """``BOTH`` in one-way mode; ``LONG``/``SHORT`` in hedge mode."""

    BOTH = "both"
    LONG = "long"
    SHORT = "short"


class Outcome(StrEnum):
    """The three ends of a call with side effects (a venue's error table decides)."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Lookup(StrEnum):
    """The three answers to "do you know this client id?"; only a proven ABSENT is absence."""

    FOUND = "found"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Decrypted exchange keys; they live in the signer's process and never in a repr."""

    api_key: str = field(repr=False)
    secret: str = field(repr=False)
    passphrase: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class AccountSession:
    """One account as a gateway sees it.

    ``egress``: proxy URLs in order of preference; empty for this machine's own address.
    """

    account_id: int
    venue: str
    credentials: Credentials | None = None
    demo: bool = False
    egress: tuple[str, ...] = field(default=(), repr=False)  # they may carry a password


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """One order as it is to be sent; ``symbol`` is ours (``BTCUSDT``), mapped by the adapter.

    ``signed_at_ms``: when the sender last made sure that it may send, by our clock. The request is
    signed with that time, so that one who stalls after having made sure is refused by the venue's
    own receive window, and not only by our fence. None: when it is sent.
    ``immediate``: what does not fill at once at ``price`` or better is cancelled.
    """

    client_id: str
    symbol: str
    side: Side
    quantity: Decimal
    position_side: PositionSide = PositionSide.BOTH
    reduce_only: bool = False
    price: Decimal | None = None  # None: market
    signed_at_ms: int | None = None
    immediate: bool = False


@dataclass(frozen=True, slots=True)
class FillReport:
    """One trade of an order. ``trade_id`` is the venue's and unique per account and symbol."""

    trade_id: str
    venue_order_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SendResult:
    """How one order's POST ended.

    ``code`` is ours and stable (``venue.insufficient_margin``), ``venue_code`` the venue's own,
    ``message`` the venue's text without secrets. ``executed`` and ``average_price`` are what the
    acknowledgement claimed; books follow from fills alone. ``retry_after`` is in seconds.
    ``headers`` are the answer's: some tell how much of a rate window is used.
    """

    outcome: Outcome
    code: str = ""
    venue_code: str = ""
    message: str = ""
    venue_order_id: str = ""
    venue_status: OrderState | None = None
    executed: Decimal = Decimal(0)
    average_price: Decimal | None = None
    fills: tuple[FillReport, ...] = ()
    retry_after: float | None = None
    retryable: bool = False  # refused for certain, and the same attempt may be sent again
    headers: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)


class OrderState(StrEnum):
    """A venue's view of an order, in our words."""

    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"

    @property
    def final(self) -> bool:
        return self not in (OrderState.OPEN, OrderState.PARTIALLY_FILLED)


@dataclass(frozen=True, slots=True)
class OrderReport:
    """Answer to a lookup by client id. All but ``lookup`` are meaningful only when FOUND."""

    lookup: Lookup
    venue_order_id: str = ""
    state: OrderState | None = None
    executed: Decimal = Decimal(0)
    average_price: Decimal | None = None
    message: str = ""


class CancelOutcome(StrEnum):
    """What an order is after somebody asked the venue to take it out."""

    CANCELLED = "cancelled"  # by the venue's own word; what had filled by then stays
    ENDED = "ended"  # filled, or over before the request came
    ABSENT = "absent"  # as little a proof as with a lookup: see Lookup
    UNKNOWN = "unknown"  # it may be live still: ask again, which does no harm


@dataclass(frozen=True, slots=True)
class CancelResult:
    """``answer`` is how the request itself ended: CONFIRMED when the venue took it.

    ``report`` is what was told of the order, by the answer or by asking afterwards, if anything.
    """

    outcome: CancelOutcome
    answer: SendResult
    report: OrderReport | None = None


@dataclass(frozen=True, slots=True)
class BalanceReport:
    """Account totals in quote currency: equity (with open PnL) and what is free as margin.

    ``wallet`` is what is there of that very currency without open profit, which only trades and
    :class:`MoneyReport` change; None where the venue does not tell it apart.
    """

    currency: str
    equity: Decimal
    free_margin: Decimal
    wallet: Decimal | None = None


class MoneyKind(StrEnum):
    """Why money came or went apart from trades."""

    TRANSFER = "transfer"
    FUNDING = "funding"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class MoneyReport:
    """An entry of the venue's own account of a wallet. Profits and fees of trades are none.

    ``venue_id`` tells it from every other one of the account. ``amount`` is signed, in
    ``currency``; ``symbol`` is empty where it concerns the whole account.
    """

    venue_id: str
    kind: MoneyKind
    amount: Decimal
    currency: str
    symbol: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PositionReport:
    """An open position; ``quantity`` is signed (short is negative)."""

    symbol: str
    position_side: PositionSide
    quantity: Decimal
    entry_price: Decimal
    mark_price: Decimal | None
    unrealised: Decimal | None


@dataclass(frozen=True, slots=True)
class InstrumentSpec:
    """A venue's trading rules for one instrument, from its public catalogue.

    ``min_notional`` is in quote currency; 0 means that the venue sets none. ``volatility_pct`` is
    one day's standard deviation of the price, None while nobody has measured it.
    """

    symbol: str
    venue_symbol: str
    base: str
    quote: str
    price_tick: Decimal
    quantity_step: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    min_notional: Decimal
    max_leverage: int
    trading: bool
    volatility_pct: Decimal | None = None


@dataclass(frozen=True, slots=True)
class OrderBook:
    """The levels next to the market as (price, base units), in any order, with their time."""

    symbol: str
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Depth:
    """Base units bid for and on offer close to the best price (:mod:`trading.domain.depth`)."""

    bids: Decimal
    asks: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Quote:
    """Best bid and ask and the mark price with the time they were taken (aware UTC).

    ``depth`` is None while nobody has read the instrument's book.
    """

    symbol: str
    bid: Decimal
    ask: Decimal
    mark: Decimal
    at: datetime
    depth: Depth | None = None


class MarginMode(StrEnum):
    CROSS = "cross"
    ISOLATED = "isolated"


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """How an account trades one symbol; None for what the venue does not tell."""

    leverage: int | None = None
    margin_mode: MarginMode | None = None
    hedged: bool | None = None


@dataclass(frozen=True, slots=True)
class SettingResult:
    """How a change of settings ended; one that was so already is confirmed.

    ``code`` ``venue.mode_has_exposure``: refused while positions or orders are open. UNKNOWN is
    settled by reading the settings.
    """

    outcome: Outcome
    code: str = ""
    venue_code: str = ""
    message: str = ""
    retry_after: float | None = None


class VenueUnavailable(Exception):
    """A read did not succeed: nothing may be concluded from it (a failed query is not "flat")."""


class Gateway(Protocol):
    """A venue. Order calls never raise for what the venue or the wire did: they return.

    Reads raise :class:`VenueUnavailable`. One gateway serves every account of its venue from
    one event loop; ``close`` releases connections. ``acceptance_window`` is how long after
    a POST the venue may still accept it: only later can "no such order" be proof of absence.
    """

    acceptance_window: timedelta

    async def place(self, session: AccountSession, order: OrderRequest) -> SendResult: ...

    async def place_many(
        self, session: AccountSession, orders: Sequence[OrderRequest]
    ) -> Sequence[SendResult]:
        """One result an order, in their order. Nothing is ever sent twice."""
        ...

    async def cancel(self, session: AccountSession, symbol: str, client_id: str) -> CancelResult:
        """Asks once for the order's end; may be called again. Never raises, like order calls."""
        ...

    async def find_order(
        self, session: AccountSession, symbol: str, client_id: str
    ) -> OrderReport: ...

    async def open_client_ids(self, session: AccountSession, symbol: str) -> frozenset[str]: ...

    async def fills(
        self, session: AccountSession, symbol: str, since: datetime
    ) -> Sequence[FillReport]: ...

    async def balance(self, session: AccountSession) -> BalanceReport: ...

    async def money(self, session: AccountSession, since: datetime) -> Sequence[MoneyReport]:
        """What changed the wallet since then apart from trades, oldest first; nothing where
        balances tell no wallet.
        """
        ...

    async def positions(self, session: AccountSession) -> Sequence[PositionReport]: ...

    async def read_settings(self, session: AccountSession, symbol: str) -> AccountSettings: ...

    async def set_leverage(
        self, session: AccountSession, symbol: str, leverage: int
    ) -> SettingResult: ...

    async def set_margin_mode(
        self, session: AccountSession, symbol: str, mode: MarginMode
    ) -> SettingResult: ...

    async def set_position_mode(
        self, session: AccountSession, symbol: str, *, hedged: bool
    ) -> SettingResult: ...

    def user_stream(self, session: AccountSession) -> UserStream | None:
        """None where the venue has none that we can read: then everything is asked for."""
        ...

    async def instruments(self) -> Sequence[InstrumentSpec]: ...

    async def quotes(self) -> Sequence[Quote]: ...

    async def daily_closes(self, symbol: str, days: int) -> Sequence[Decimal]:
        """Of the last whole UTC days, oldest first; fewer for a young instrument."""
        ...

    async def order_book(self, symbol: str) -> OrderBook: ...

    async def close(self) -> None: ...


GatewayFactory = Callable[[str, str], Gateway]
"""(venue code, base URL or "" for the real hosts) -> gateway."""

_factories: dict[str, GatewayFactory] = {}


def register_gateway(adapter: str, factory: GatewayFactory) -> None:
    """Called by an adapter's package when it is loaded; the last registration wins."""
    _factories[adapter] = factory


def gateway_factory(adapter: str) -> GatewayFactory:
    """The registered factory. Raises KeyError naming the adapter and the known ones."""
    try:
        return _factories[adapter]
    except KeyError:
        raise KeyError(f"no gateway adapter {adapter!r}; known: {sorted(_factories)}") from None
