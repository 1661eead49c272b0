"""Any ccxt venue through ccxt's unified calls: slower and more careful than its own dialect.

Shapes: ccxt manual, "Balance structure", "Position structure", "Ticker structure". Figures come
as strings (``number=str``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trading.domain.keys import KeyReport
from trading.domain.ports import BalanceReport, OrderRequest, PositionReport, PositionSide, Quote
from trading.venues.catalogue import Entry
from trading.venues.fast.protocol import FastOrders
from trading.venues.figures import number
from trading.venues.generic.errors import documented
from trading.venues.generic.inspection import inspect_unified
from trading.venues.listing import Listing, our_symbol
from trading.venues.lookup import fetch_by_client_id
from trading.venues.verdicts import Row, VenueError
from trading.venues.wire import Reply, current_call

_DEFAULT_TYPES = {"linear": "swap", "spot": "spot"}
_CURRENCIES = ("USDT", "USDC", "USD", "EUR", "KRW")  # what equity is told in, first come


@dataclass(frozen=True, slots=True)
class Generic:
    """Implements :class:`trading.venues.dialect.Dialect` for one entry of the catalogue."""

    entry: Entry
    acceptance_window: timedelta = timedelta(seconds=60)  # most venues document none
    usage_header: str = ""
    trades_window: timedelta = timedelta(days=1)  # the narrowest that the listed venues take
    trades_page: int = 100
    max_leverage: int = 20
    fast: FastOrders | None = None

    @property
    def market(self) -> str:
        """``linear`` or ``spot``: the first of the venue's markets is the one that is traded."""
        return self.entry.markets[0]

    @property
    def options(self) -> Mapping[str, Any]:
        return {"defaultType": _DEFAULT_TYPES[self.market]}

    @property
    def errors(self) -> tuple[Row, ...]:
        return documented(self.entry.code).rows

    @property
    def absent_codes(self) -> frozenset[str]:
        """Only where a look-up by client id is a question that the venue understands."""
        asks = "find_by_client_id" in self.entry.capabilities
        return documented(self.entry.code).absent if asks else frozenset()

    def read_error(self, reply: Reply) -> VenueError:
        return documented(self.entry.code).read(reply)

    def rows(self, answer: Any) -> list[Any]:
        """The one list in the answer, wherever it stands. Raises TypeError for none or several."""
        lists = list(_lists(answer))
        if len(lists) != 1:
            raise TypeError(f"{len(lists)} lists")
        return lists[0]

    def order_params(self, order: OrderRequest) -> dict[str, Any]:
        """Raises ValueError, so that nothing is sent, where ccxt carries no client order id."""
        if not self.entry.client_id_param:
            raise ValueError("an order without an id of ours could never be asked for")
        params: dict[str, Any] = {self.entry.client_id_param: order.client_id}
        if order.position_side is not PositionSide.BOTH:
            params["hedged"] = True
        if order.reduce_only and self.market == "linear":
            params["reduceOnly"] = True
        return params

    async def balance(self, client: Any) -> BalanceReport:
        """Raises KeyError when no known currency is named: an empty answer is not "broke"."""
        balance = await client.fetch_balance()
        currency = _currency(balance)
        equity = number(balance["total"][currency])
        if self.market == "spot":
            prices = await client.fetch_tickers()
            for market, held in _holdings(client, balance, currency):
                equity += held * number(prices[market["symbol"]]["last"])
        return BalanceReport(currency, equity, number(balance["free"][currency]))

    async def find_order(
        self, client: Any, unified: str, client_id: str
    ) -> Mapping[str, Any] | None:
        return await fetch_by_client_id(self, client, unified, client_id)

    async def cancel(self, client: Any, unified: str, client_id: str) -> bool:
        """By the venue's own id, which is asked for: few venues cancel by ours."""
        found = await self.find_order(client, unified, client_id)
        if found is None or found.get("status") != "open" or not found.get("id"):
            return False
        await client.cancel_order(found["id"], unified)
        return True

    async def positions(self, client: Any, listings: Mapping[str, Listing]) -> list[PositionReport]:
        """At spot venues what is held of each base currency, its entry price unknown (0)."""
        if self.market == "spot":
            balance = await client.fetch_balance()
            return [
                _holding(our_symbol(listings, market["id"]), held)
                for market, held in _holdings(client, balance, _currency(balance))
            ]
        rows = await client.fetch_positions()
        _check_list()  # ccxt reads an error object as no positions, and that is not "flat"
        return [_position(row, client, listings) for row in rows if number(row["contracts"]) != 0]

    async def quotes(self, client: Any, names: Mapping[str, str]) -> list[Quote]:
        """The mark is the middle where the venue tells none for all instruments at once."""
        has = client.has
        books = await (
            client.fetch_bids_asks() if has.get("fetchBidsAsks") is True else client.fetch_tickers()
        )
        marks = await client.fetch_mark_prices() if has.get("fetchMarkPrices") is True else {}
        made = (
            _quote(names[client.markets[symbol]["id"]], book, marks.get(symbol) or {}, client)
            for symbol, book in books.items()
            if symbol in client.markets
            and client.markets[symbol]["id"] in names
            and client.markets[symbol][_DEFAULT_TYPES[self.market]]
            and book["bid"]
            and book["ask"]
        )
        return [quote for quote in made if 0 < quote.bid <= quote.ask and quote.mark > 0]

    async def inspect(self, client: Any, *, demo: bool) -> KeyReport:
        return await inspect_unified(client)


def _lists(answer: Any) -> Iterator[list[Any]]:
    """Outermost lists of an answer; what stands inside of one is not looked at."""
    if isinstance(answer, list):
        yield answer
    elif isinstance(answer, Mapping):
        for value in answer.values():
            yield from _lists(value)


def _check_list() -> None:
    """Raises TypeError unless the venue's last answer holds a list at all."""
    reply = current_call.get().reply
    if reply is None or not any(True for _ in _lists(reply.json)):
        raise TypeError("no list")


def _currency(balance: Mapping[str, Any]) -> str:
    for currency in _CURRENCIES:
        if balance["total"].get(currency) is not None:
            return currency
    raise KeyError("no known currency in the balance")


def _holdings(
    client: Any, balance: Mapping[str, Any], currency: str
) -> Iterator[tuple[Mapping[str, Any], Decimal]]:
    """Spot markets against ``currency`` whose base is held, with how much of it."""
    for market in client.markets.values():
        held = balance["total"].get(market["base"])
        if market["spot"] and market["quote"] == currency and held and number(held) > 0:
            yield market, number(held)


def _holding(symbol: str, held: Decimal) -> PositionReport:
    return PositionReport(symbol, PositionSide.BOTH, held, Decimal(0), None, None)


def _position(
    row: Mapping[str, Any], client: Any, listings: Mapping[str, Listing]
) -> PositionReport:
    """Raises KeyError for a side that is neither long nor short."""
    sign, side = {"long": (1, PositionSide.LONG), "short": (-1, PositionSide.SHORT)}[row["side"]]
    market = client.markets[row["symbol"]]
    size = number(row["contractSize"] or market["contractSize"] or 1)
    return PositionReport(
        symbol=our_symbol(listings, market["id"]),
        position_side=side if row["hedged"] else PositionSide.BOTH,
        quantity=sign * abs(number(row["contracts"])) * size,
        entry_price=number(row["entryPrice"]),
        mark_price=number(row["markPrice"]) if row["markPrice"] else None,
        unrealised=number(row["unrealizedPnl"]) if row["unrealizedPnl"] else None,
    )


def _quote(symbol: str, book: Mapping[str, Any], marked: Mapping[str, Any], client: Any) -> Quote:
    bid, ask = number(book["bid"]), number(book["ask"])
    mark = marked.get("markPrice") or book.get("markPrice")
    told_at = marked.get("timestamp") or book["timestamp"] or client.milliseconds()
    return Quote(
        symbol=symbol,
        bid=bid,
        ask=ask,
        mark=number(mark) if mark else (bid + ask) / 2,
        at=datetime.fromtimestamp(int(told_at) / 1000, UTC),
    )
