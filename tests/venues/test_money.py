"""Why a wallet changed apart from trades: every venue that keeps an account of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.simulators.binance import BinanceSimulator
from tests.simulators.coinbase import CoinbaseSimulator
from tests.simulators.upbit import UpbitSimulator
from tests.venues import bybit_cast, coinbase_cast, conftest, okx_cast, upbit_cast
from tests.venues.conftest import OrderMaker, impatient
from tests.venues.stream_cast import listening
from tests.venues.test_catalogue_generic import ENTRY
from trading.domain.news import BalanceNews
from trading.domain.ports import (
    AccountSession,
    MoneyKind,
    MoneyReport,
    Outcome,
    Side,
    VenueUnavailable,
)
from trading.paper.gateway import PaperGateway
from trading.venues.ccxt_gateway.gateway import CcxtGateway
from trading.venues.dialect import MoneyDialect
from trading.venues.generic.dialect import Generic
from trading.venues.limits import limits_of
from trading.venues.registry import VENUES, Venue

D = Decimal
FUNDING, TRANSFER, OTHER = MoneyKind.FUNDING, MoneyKind.TRANSFER, MoneyKind.OTHER


@dataclass(frozen=True, slots=True)
class Books:
    """A venue that keeps such an account: ``page`` rows at once, ``reads`` the endpoints of it."""

    code: str
    fixture: str
    alice: AccountSession
    bitcoin: str
    page: int
    read: str
    old_read: str

    def told(self, rows: list[dict[str, Any]]) -> object:
        """An answer with these rows."""
        return {
            "binanceusdm": rows,
            "bybit": bybit_cast.told(0, list=rows, nextPageCursor=""),
            "okx": okx_cast.answer("0", rows),
        }[self.code]


BINANCE = Books(
    "binanceusdm", "venue", conftest.ALICE, "BTCUSDT", 1000,
    "GET /fapi/v1/income", "GET /fapi/v1/income",
)  # fmt: skip
BYBIT = Books(
    "bybit", "bybit", bybit_cast.ALICE, "BTCUSDT", 50,
    "GET /v5/account/transaction-log", "GET /v5/account/transaction-log",
)  # fmt: skip
OKX = Books(
    "okx", "okx", okx_cast.ALICE, "BTC-USDT-SWAP", 100,
    "GET /api/v5/account/bills", "GET /api/v5/account/bills-archive",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Teller:
    books: Books
    simulator: Any
    gateway: CcxtGateway

    def move(self, kind: str, amount: str, symbol: str = "", **more: int) -> None:
        body = {"api_key": "key-alice", "kind": kind, "amount": amount, "symbol": symbol, **more}
        self.simulator.command("POST /_sim/money", body)

    def inject(self, **fault: Any) -> None:
        self.simulator.command("POST /_sim/inject", fault)

    def price(self, mark: str) -> None:
        self.simulator.command("POST /_sim/price", {"symbol": self.books.bitcoin, "mark": mark})

    async def money(self, days: float = 0.04) -> list[MoneyReport]:
        since = datetime.now(UTC) - timedelta(days=days)
        return list(await self.gateway.money(self.books.alice, since))

    async def wallet(self) -> Decimal:
        wallet = (await self.gateway.balance(self.books.alice)).wallet
        assert wallet is not None
        return wallet


@pytest.fixture(params=[BINANCE, BYBIT, OKX], ids=lambda books: books.code)
async def teller(request: pytest.FixtureRequest) -> AsyncIterator[Teller]:
    books = request.param
    simulator = request.getfixturevalue(books.fixture)
    async with impatient(books.code, simulator.base_url, fast=True) as made:
        yield Teller(books, simulator, made)


async def test_what_moved_the_wallet_apart_from_trades_is_told_and_adds_up(
    teller: Teller, order: OrderMaker
) -> None:
    gateway, alice = teller.gateway, teller.books.alice
    before, began = await teller.wallet(), datetime.now(UTC) - timedelta(seconds=1)
    assert await teller.money() == []
    assert (await gateway.place(alice, order("0.01"))).outcome is Outcome.CONFIRMED
    teller.move("transfer", "250.5")
    teller.move("funding", "-1.25", teller.books.bitcoin)
    teller.price("60500")
    assert await teller.wallet() < before + D("250")  # open profit is no part of it
    await gateway.place(alice, order("0.01", side=Side.SELL, reduce_only=True))
    teller.move("transfer", "-40")
    teller.move("funding", "0.75", teller.books.bitcoin)
    teller.move("other", "3")
    told = await teller.money()
    assert [(each.kind, each.amount, each.symbol) for each in told] == [
        (TRANSFER, D("250.5"), ""),
        (FUNDING, D("-1.25"), "BTCUSDT"),
        (TRANSFER, D("-40"), ""),
        (FUNDING, D("0.75"), "BTCUSDT"),
        (OTHER, D("3"), ""),
    ]
    assert {each.currency for each in told} == {"USDT"}
    assert len({each.venue_id for each in told}) == 5
    assert began < told[0].at <= told[-1].at < datetime.now(UTC) + timedelta(seconds=1)
    fills = await gateway.fills(alice, "BTCUSDT", began)
    signs = {Side.BUY: -1, Side.SELL: 1}
    traded = sum(signs[each.side] * each.quantity * each.price - each.fee for each in fills)
    assert len(fills) == 2
    assert before + traded + sum(each.amount for each in told) == await teller.wallet()


async def test_none_is_lost_between_pages(teller: Teller, order: OrderMaker) -> None:
    count = teller.books.page * 2 + 1
    teller.move("transfer", "1", count=count, age=60_000)
    await teller.gateway.place(teller.books.alice, order("0.01"))
    teller.move("transfer", "2")
    told = await teller.money()
    assert len({each.venue_id for each in told}) == len(told) == count + 1
    assert [each.at for each in told] == sorted(each.at for each in told)
    assert told[-1].amount == D(2)


async def test_weeks_are_asked_for_as_the_venue_allows(teller: Teller) -> None:
    teller.move("transfer", "1", age=19 * 86_400_000)
    teller.move("transfer", "2", age=8 * 86_400_000)
    teller.move("transfer", "3")
    assert [each.amount for each in await teller.money(days=20)] == [D(1), D(2), D(3)]
    assert [each.amount for each in await teller.money(days=9)] == [D(2), D(3)]
    assert [each.amount for each in await teller.money(days=1)] == [D(3)]


async def test_since_when_is_meant_by_the_venues_clock(teller: Teller) -> None:
    teller.inject(clock_skew=60_000)
    with pytest.raises(VenueUnavailable):  # the refusal that tells us so
        await teller.money()
    teller.move("transfer", "1", age=30_000)
    teller.move("transfer", "2")
    since = datetime.now(UTC) - timedelta(seconds=10)
    told = await teller.gateway.money(teller.books.alice, since)
    assert [each.amount for each in told] == [D(2)]


async def test_an_answer_that_is_no_clean_success_is_not_taken_for_nothing(teller: Teller) -> None:
    await teller.money()
    faults: list[dict[str, Any]] = [
        {"action": "status", "status": 503, "body": "busy"},
        {"action": "rst"},
        {"action": "truncate"},
        {"action": "garbage200", "body": {"code": -1000, "msg": "unknown"}},
        {"action": "garbage200", "body": teller.books.told([{"x": "1"}])},
    ]
    for days, endpoint in ((1, teller.books.read), (20, teller.books.old_read)):
        for fault in faults:
            teller.inject(endpoint=endpoint, count=0, **fault)
            with pytest.raises(VenueUnavailable) as caught:
                await teller.money(days)
            assert "secret" not in str(caught.value)
            teller.simulator.command("DELETE /_sim/inject", {})


async def test_movements_are_told_by_the_user_stream_too(teller: Teller) -> None:
    async with listening(teller.gateway.user_stream(teller.books.alice)) as ear:
        teller.move("transfer", "-7")
        teller.move("funding", "2", teller.books.bitcoin)
        await ear.until(lambda: len(ear.all(BalanceNews)) == 2)


def _income(kind: str, amount: str = "5", asset: str = "USDT", symbol: str = "") -> dict[str, Any]:
    return {
        "symbol": symbol, "incomeType": kind, "income": amount, "asset": asset, "info": "",
        "time": 1_700_000_000_000, "tranId": 7, "tradeId": "",
    }  # fmt: skip


def _entry(kind: str, category: str = "", funding: str = "", change: str = "5") -> dict[str, Any]:
    return {
        "id": "592324_X_7", "symbol": "", "category": category, "type": kind, "currency": "USDT",
        "funding": funding, "fee": "0", "cashFlow": "5", "change": change,
        "transactionTime": "1700000000000",
    }  # fmt: skip


def _bill(kind: str, product: str = "", change: str = "5") -> dict[str, Any]:
    return {
        "billId": "7", "type": kind, "instType": product, "instId": "", "ccy": "USDT",
        "balChg": change, "ts": "1700000000000",
    }  # fmt: skip


ROWS: Mapping[str, list[tuple[dict[str, Any], tuple[MoneyKind, str] | None]]] = {
    "binanceusdm": [
        (_income("REALIZED_PNL"), None),
        (_income("COMMISSION"), None),
        (_income("TRANSFER", asset="BNB"), None),
        (_income("INTERNAL_TRANSFER"), (TRANSFER, "5")),
        (_income("COIN_SWAP_WITHDRAW", "-2"), (TRANSFER, "-2")),
        (_income("WELCOME_BONUS"), (OTHER, "5")),
        (_income("A_WORD_OF_TOMORROW"), (OTHER, "5")),
    ],
    "bybit": [
        (_entry("TRADE", "linear"), None),
        (_entry("LIQUIDATION", "linear"), None),
        (_entry("ADL", "linear"), None),
        (_entry("TRADE", "linear", funding="-0.25"), (FUNDING, "-0.25")),
        (_entry("TRADE", "spot"), (OTHER, "5")),
        (_entry("SETTLEMENT", "linear", funding="-2", change="-2"), (FUNDING, "-2")),
        (_entry("DELIVERY", "linear"), (OTHER, "5")),
        (_entry("A_WORD_OF_TOMORROW"), (OTHER, "5")),
    ],
    "okx": [
        (_bill("2", "SWAP"), None),
        (_bill("5", "SWAP"), None),
        (_bill("9", "SWAP"), None),
        (_bill("6", "SWAP", change="0"), None),
        (_bill("2", "SPOT"), (OTHER, "5")),
        (_bill("8", "SWAP", change="-2"), (FUNDING, "-2")),
        (_bill("7"), (OTHER, "5")),
        (_bill("999"), (OTHER, "5")),
    ],
}


async def test_each_kind_of_entry_is_known_or_told_as_another(teller: Teller) -> None:
    await teller.money()
    for row, wanted in ROWS[teller.books.code]:
        body = teller.books.told([row])
        fault = {"action": "status", "status": 200, "body": body}
        teller.inject(endpoint=teller.books.read, count=0, **fault)
        found = [(each.kind, f"{each.amount}") for each in await teller.money()]
        assert found == ([wanted] if wanted else []), row
        teller.simulator.command("DELETE /_sim/inject", {})


@pytest.mark.parametrize("teller", [BINANCE], indirect=True)
async def test_a_whole_page_within_one_millisecond_is_refused(teller: Teller) -> None:
    """Pages go on by time there: what lies behind it could not be asked for."""
    await teller.money()
    page = [{**_income("TRANSFER"), "tranId": number} for number in range(1000)]
    fault = {"action": "status", "status": 200, "body": page}
    teller.inject(endpoint=teller.books.read, count=0, **fault)
    with pytest.raises(VenueUnavailable):
        await teller.money()


def test_only_these_three_keep_such_an_account_and_it_costs_what_they_say() -> None:
    keeping = {code for code, each in VENUES.items() if isinstance(each.dialect, MoneyDialect)}
    assert keeping == {"binanceusdm", "bybit", "okx"}
    costs = {code: limits_of(code).reads.money for code in ("binanceusdm", "bybit", "okx")}
    assert costs == {"binanceusdm": 30, "bybit": 1, "okx": 1}


async def test_where_nobody_keeps_one_no_wallet_is_told_and_nothing_moved(
    venue: BinanceSimulator, coinbase: CoinbaseSimulator, upbit: UpbitSimulator
) -> None:
    generic = Venue("door", "ccxt", "binanceusdm", "linear", Generic(ENTRY), proven=False)
    since = datetime.now(UTC) - timedelta(days=1)
    for known, simulator, alice in (
        (VENUES["coinbase"], coinbase, coinbase_cast.ALICE),
        (VENUES["upbit"], upbit, upbit_cast.ALICE),
        (generic, venue, conftest.ALICE),
    ):
        made = CcxtGateway(known, simulator.base_url)
        assert (await made.balance(alice)).wallet is None
        assert await made.money(alice, since) == ()
        await made.close()
    paper = PaperGateway(lambda: {}, lambda _asked: {})
    assert await paper.money(conftest.ALICE, since) == ()
