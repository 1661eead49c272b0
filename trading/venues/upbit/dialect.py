"""Upbit's spot pairs in the venue's own words (docs.upbit.com/kr/reference; ccxt 4.5's comments).

A coin that is held is a long position, at the average price that the venue tells. There is nothing
to go short with, no leverage and no order that only reduces: what asks for it is refused here. A
buy at market is told by its cost there, so ours goes as a limit order at once or not, with a price
from the book.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trading.domain.keys import KeyReport
from trading.domain.ports import (
    BalanceReport,
    OrderRequest,
    PositionReport,
    PositionSide,
    Quote,
    Side,
)
from trading.venues.fast.protocol import FastOrders
from trading.venues.figures import number
from trading.venues.listing import Listing, our_symbol
from trading.venues.lookup import says_absent
from trading.venues.streams.protocol import UserStreams
from trading.venues.upbit import pages
from trading.venues.upbit.errors import ORDER_ERRORS, read_error
from trading.venues.upbit.fast import UpbitFastOrders
from trading.venues.upbit.streams import ABSENT, UpbitStreams
from trading.venues.verdicts import Row, VenueError
from trading.venues.wire import Reply, current_call

WORST = Decimal("1.01")  # of the best offer: what a buy at market may pay
_CURRENCY = "KRW"
_AT_ONCE = 100  # pairs that one question names
_STATES = {"wait": "open", "watch": "open", "done": "closed", "cancel": "canceled"}


@dataclass(frozen=True, slots=True)
class UpbitSpot:
    """Implements :class:`trading.venues.dialect.Dialect` with inspection, paging and streams; it
    lacks some kinds of orders and takes buys only with a price.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    acceptance_window: timedelta = timedelta(seconds=60)  # tokens name no time, none is documented
    fast: FastOrders | None = field(default_factory=UpbitFastOrders)
    streams: UserStreams = field(default_factory=UpbitStreams)
    errors: tuple[Row, ...] = ORDER_ERRORS
    absent_codes: frozenset[str] = ABSENT
    usage_header: str = ""
    trades_window: timedelta = timedelta(milliseconds=pages.WEEK_MS)
    trades_page: int = pages.MOST
    fixed_settings: bool = True
    max_leverage: int = 1

    def read_error(self, reply: Reply) -> VenueError:
        return read_error(reply)

    def rows(self, answer: Any) -> list[Any]:
        return list(pages.rows(answer))

    def lacks(self, order: OrderRequest) -> str:
        """Selling what was not bought by us would sell the person's own coins. Pairs against other
        coins are listed too, but neither balance nor quotes speak of them.
        """
        if order.position_side is not PositionSide.BOTH:
            return "venue.position_mode"
        closing, in_won = order.side is Side.SELL, order.symbol.endswith(_CURRENCY)
        return "" if in_won and closing is order.reduce_only else "venue.unsupported"

    def order_params(self, order: OrderRequest) -> dict[str, Any]:
        told = {"clientOrderId": order.client_id}
        return told | {"timeInForce": "IOC"} if order.immediate else told

    async def bounded(self, client: Any, order: OrderRequest, listing: Listing) -> OrderRequest:
        """A buy at market with the worst offer on the book that it may take. Offers stand on the
        pair's ticks, which follow the price and are told nowhere else. Raises ValueError for a
        book without offers.
        """
        if order.price is not None or order.side is Side.SELL:
            return order
        (book,) = pages.rows(
            await client.publicGetOrderbook({"markets": listing.spec.venue_symbol})
        )
        offers = [number(unit["ask_price"]) for unit in book["orderbook_units"]]
        offers = [offer for offer in offers if offer > 0]
        worst = max(offer for offer in offers if offer <= min(offers) * WORST)
        return replace(order, price=worst, immediate=True)

    async def balance(self, client: Any) -> BalanceReport:
        """Won, and what the coins would bring at the last price; those without a pair count for
        nothing.
        """
        held = _by_currency(await client.privateGetAccounts())
        won = held.pop(_CURRENCY, None)
        pairs = [f"{_CURRENCY}-{currency}" for currency in held]
        equity = _total(won) if won else Decimal(0)
        for row in await _in_parts(
            client.publicGetTicker, [pair for pair in pairs if pair in client.markets_by_id]
        ):
            coin = held[row["market"].partition("-")[2]]
            equity += _total(coin) * number(row["trade_price"])
        return BalanceReport(_CURRENCY, equity, number(won["balance"]) if won else Decimal(0))

    async def find_order(
        self, client: Any, unified: str, client_id: str
    ) -> Mapping[str, Any] | None:
        try:
            row = await client.privateGetOrder({"identifier": client_id})
        except Exception:
            reply = current_call.get().reply
            if reply and says_absent(reply, read_error(reply), self.absent_codes):
                return None
            raise
        moved = sum((number(trade["funds"]) for trade in row["trades"]), Decimal(0))
        filled = number(row["executed_volume"])
        return {
            "id": row["uuid"],
            "clientOrderId": row["identifier"],
            "status": _STATES[row["state"]],
            "filled": str(filled),
            "average": str((moved / filled).quantize(Decimal("1E-8"))) if filled else None,
        }

    async def cancel(self, client: Any, unified: str, client_id: str) -> bool:
        await client.privateDeleteOrder({"identifier": client_id})
        return True

    async def open_client_ids(self, client: Any, listing: Listing) -> frozenset[str]:
        """Orders made by hand have no identifier; ours always have one."""
        found = await pages.open_orders(client, listing.spec.venue_symbol)
        return frozenset(row["identifier"] for row in found if row.get("identifier"))

    async def trades(self, client: Any, listing: Listing, since_ms: int) -> list[Mapping[str, Any]]:
        return await pages.trades(client, listing.spec.venue_symbol, since_ms)

    async def positions(self, client: Any, listings: Mapping[str, Listing]) -> list[PositionReport]:
        held = _by_currency(await client.privateGetAccounts())
        return [
            _position(row, listings)
            for currency, row in held.items()
            if currency != _CURRENCY and _total(row) > 0
        ]

    async def quotes(self, client: Any, names: Mapping[str, str]) -> list[Quote]:
        """Of the pairs against won. Spot has no mark; it is the middle."""
        pairs = [pair for pair in names if pair.startswith(f"{_CURRENCY}-")]
        books = await _in_parts(client.publicGetOrderbook, pairs)
        made = (_quote(names[book["market"]], book) for book in books if book["orderbook_units"])
        return [quote for quote in made if 0 < quote.bid <= quote.ask]

    async def inspect(self, client: Any, *, demo: bool) -> KeyReport:
        """Rights are told nowhere. A key that may order is bound to addresses, always (FAQ)."""
        pages.rows(await client.privateGetAccounts())
        return KeyReport(ip_restricted=True, hedge=False)


async def _in_parts(ask: Any, pairs: Sequence[str]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    for start in range(0, len(pairs), _AT_ONCE):
        named = ",".join(pairs[start : start + _AT_ONCE])
        found += pages.rows(await ask({"markets": named}))
    return found


def _by_currency(answer: Any) -> dict[str, Mapping[str, Any]]:
    return {row["currency"]: row for row in pages.rows(answer)}


def _total(row: Mapping[str, Any]) -> Decimal:
    return number(row["balance"]) + number(row["locked"])


def _position(row: Mapping[str, Any], listings: Mapping[str, Listing]) -> PositionReport:
    """A price of 0: the venue knows none (a coin that was sent there), or in other money."""
    known = row["unit_currency"] == _CURRENCY
    return PositionReport(
        symbol=our_symbol(listings, f"{_CURRENCY}-{row['currency']}"),
        position_side=PositionSide.BOTH,
        quantity=_total(row),
        entry_price=number(row["avg_buy_price"]) if known else Decimal(0),
        mark_price=None,
        unrealised=None,
    )


def _quote(symbol: str, book: Mapping[str, Any]) -> Quote:
    best = book["orderbook_units"][0]
    bid, ask = number(best["bid_price"]), number(best["ask_price"])
    at = datetime.fromtimestamp(int(book["timestamp"]) / 1000, UTC)
    return Quote(symbol, bid, ask, (bid + ask) / 2, at)
