"""A master's trades, moves and what the door is told of them, each field of each."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from signals.models import InboxMessage, Signal
from signals.services.exits import NO_EXITS
from tests.cast import a_market, a_quote, an_account
from tests.masters.cast import KEYS, a_master, d, set_stream
from tests.masters.stories import an_exit, mirrored, now, outcomes, signals, tell, traded
from trading.copying.masters.connecting import Change, Rules, change_master
from trading.copying.masters.gather import gather
from trading.copying.masters.leverages import leverages_of, note_leverages, unknown_leverages
from trading.copying.masters.mirror import PATIENCE, mirror, sweep_masters, tell_ready
from trading.copying.masters.moves import WHOLE_AGAIN, decide_moves
from trading.domain.mirroring import JOIN, Why
from trading.domain.news import BalanceNews, News, SettingsNews
from trading.domain.ports import PositionSide
from trading.execution.news import Told
from trading.models import (
    AccountBudget,
    ExternalPosition,
    MasterAccount,
    MasterFill,
    MasterLeverage,
    MasterMove,
)
from trading.reconciliation.user_streams.hearing import take_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def market() -> None:
    for symbol, price in (("BTCUSDT", "60000"), ("ETHUSDT", "3000")):
        a_market(symbol)
        a_quote(price, symbol)


def _rows(model: Any) -> list[dict[str, Any]]:
    """All fields but those that the database makes up."""
    rows = model.objects.order_by("pk").values()
    return [{name: each[name] for name in each if name not in {"id", "move_id"}} for each in rows]


def _told(master: MasterAccount, *news: News) -> list[Told]:
    return [Told(master.account_id, each) for each in news]


def test_a_trade_is_kept_with_all_that_a_move_is_made_of() -> None:
    master, other = a_master(), a_master()
    news = traded(7, "-0.2", order="o7", name="n" * 70, price="59000", forced=True,
                  side=PositionSide.SHORT)  # fmt: skip
    change_master(master=other, change=Change.DISCONNECT, by=other.connected_by, now=now())
    at, stranger = now(), an_account(keys=KEYS)
    booked = [Told(id_, news) for id_ in (master.account_id, stranger.pk, other.account_id)]
    assert gather(told=[], booked=booked, now=at) == 1
    assert gather(told=booked[1:], booked=booked[1:], now=at) == 0
    assert _rows(MasterFill) == [
        {
            "master_id": master.pk, "symbol": "BTCUSDT", "position_side": "short",
            "venue_order_id": "o7", "client_id": "n" * 64, "trade_id": "7", "side": "sell",
            "quantity": d("0.2"), "price": d("59000"), "forced": True, "at": news.fill.at,
            "seen_at": at,
        }
    ]  # fmt: skip


def test_news_that_no_master_is_made_of_cost_no_query(django_assert_num_queries: Any) -> None:
    master, stranger = a_master(), an_account(keys=KEYS)
    idle = _told(master, BalanceNews("ORDER", now()), traded(1, "1"))
    with django_assert_num_queries(0):
        assert gather(told=idle, booked=[], now=now()) == 0
    for news in (an_exit("a", "58800"), SettingsNews("BTCUSDT", now(), leverage=4),
                 BalanceNews("DEPOSIT", now())):  # fmt: skip
        with django_assert_num_queries(1):
            assert gather(told=[Told(stranger.pk, news)], booked=[], now=now()) == 0
    assert not MasterMove.objects.exists()
    assert not MasterLeverage.objects.exists()


def test_money_that_came_or_went_is_on_record_once_by_its_reason_and_time() -> None:
    master = a_master()
    at = now() - timedelta(seconds=9)
    later = at + timedelta(seconds=1)
    news = _told(master, BalanceNews("Funding", at), BalanceNews("Funding", later))
    for _ in range(2):
        gather(told=news, booked=[], now=now())
    kept = [(row["trade_id"], row["at"], row["decided_at"], row["state"], row["code"])
            for row in _rows(MasterMove)]  # fmt: skip
    assert kept == [
        (f"Funding {when.isoformat()}", when, when, "ignored", Why.FUNDING)
        for when in (at, later)
    ]  # fmt: skip
    for word, why in (
        ("FUNDING_FEE", Why.FUNDING), ("DEPOSIT", Why.TRANSFER), ("WITHDRAW", Why.TRANSFER),
        ("ADMIN_DEPOSIT", Why.TRANSFER), ("ADMIN_WITHDRAW", Why.TRANSFER),
        ("ASSET_TRANSFER", Why.TRANSFER), ("MARGIN_TRANSFER", Why.TRANSFER),
    ):  # fmt: skip
        gather(told=_told(master, BalanceNews(word, at)), booked=[], now=now())
        assert MasterMove.objects.latest("pk").code == why


def test_a_move_is_on_record_whole_and_so_is_what_the_door_was_told() -> None:
    master, other = a_master(), a_master()
    note_leverages([
        (master.account_id, "BTCUSDT", 10, now()), (master.account_id, "ETHUSDT", 3, now()),
        (other.account_id, "BTCUSDT", 77, now()),
    ])  # fmt: skip
    AccountBudget.objects.filter(account=other.account_id).update(equity=d("5"))
    tell(master, an_exit("s", "58873.5"), an_exit("t", "63078.75", stops=False))
    first = traded(5, "0.1", order="77", name="web-1", ago=2.0)
    second = traded(6, "0.3", order="77", name="web-1", price="60100", ago=1.9)
    tell(master, second, first)
    at = now() + timedelta(seconds=1)
    assert mirror(now=at, account_ids=[master.account_id]) is None
    signal = Signal.objects.get()
    assert _rows(MasterMove) == [
        {
            "master_id": master.pk, "state": "told", "code": "", "symbol": "BTCUSDT",
            "trade_id": "5", "position_side": "both", "venue_order_id": "77",
            "client_id": "web-1", "side": "buy", "quantity": d("0.4"), "price": d("60075"),
            "forced": False, "held_before": 0, "close_pct": None, "opens": d("0.4"),
            "equity": 10_000, "leverage": 10, "margin_pct": d("24.03"), "signal_id": signal.pk,
            "part_from_pct": 0, "part_to_pct": 100, "at": first.fill.at, "decided_at": at,
        }
    ]  # fmt: skip
    assert set(MasterFill.objects.values_list("move_id", flat=True)) == {
        MasterMove.objects.get().pk
    }
    said = json.loads(InboxMessage.objects.get().body)
    assert {name: said[name] for name in said if name not in _MONEY} == {
        "venue": "binanceusdm", "account": str(master.account.public_id), "order_id": "77",
        "trade_id": "5", "symbol": "BTCUSDT", "direction": "long", "leverage": "10",
        "at": str(first.fill.at), "exits": said["exits"],
    }  # fmt: skip
    assert {name: d(said[name]) for name in _MONEY if name in said} == {
        "held": 0, "holds": d("0.4"), "opens": d("0.4"), "quantity": d("0.4"),
        "price": d("60075"), "margin_pct": d("24.03"), "equity": 10_000,
        "part_from_pct": 0, "part_to_pct": 100,
    }  # fmt: skip
    assert (signal.stop_loss_pct, signal.take_profit_pct) == (2, 5)


_MONEY = (
    "held", "holds", "close_pct", "opens", "quantity", "price", "margin_pct", "equity",
    "part_from_pct", "part_to_pct",
)  # fmt: skip


def test_the_door_is_told_what_is_held_before_and_after_each_kind_of_move() -> None:
    """What a paused master would have opened is not held afterwards."""
    master = a_master()
    ExternalPosition.objects.all().delete()
    story = [("1", ""), ("-0.25", ""), ("-1.25", ""), ("0.1", "pause"), ("2", "")]
    for number, (quantity, change) in enumerate(story):
        if change:
            change_master(master=master, change=Change(change), by=master.connected_by, now=now())
        tell(master, traded(number, quantity, order=str(number), ago=9 - number))
        mirrored(master)
    told = [json.loads(each.body) for each in InboxMessage.objects.order_by("pk")]
    seen = [[d(each[name]) if name in each else None for name in _MONEY[:5]] for each in told]
    assert seen == [
        [0, 1, None, 1, 1],
        [1, d("0.75"), 25, 0, d("0.25")],
        [d("0.75"), d("-0.5"), 100, d("0.5"), d("1.25")],
        [d("-0.5"), d("-0.4"), 20, 0, d("0.1")],
        [d("-0.4"), 0, 100, 0, 2],
    ]
    assert [each["direction"] for each in told] == ["long", "short", "short", "long", "long"]
    assert told[1]["exits"] == str(NO_EXITS)


def test_equity_that_nobody_looked_at_and_a_leverage_that_nobody_told_are_not_known() -> None:
    master = a_master()
    AccountBudget.objects.update(snapshot_at=None)
    tell(master, traded(1, "1"))
    mirrored(master)
    move = MasterMove.objects.get()
    assert (move.equity, move.leverage, move.margin_pct) == (None, None, None)


def test_of_leverages_the_newest_stays_and_what_is_old_is_asked_for_again() -> None:
    master, other = a_master(), a_master()
    mine, theirs, at = master.account_id, other.account_id, now()
    second = timedelta(seconds=1)
    note_leverages([])
    note_leverages([(mine, "BTCUSDT", 7, at), (mine, "BTCUSDT", 5, at - second),
                    (mine, "ETHUSDT", 2, at), (theirs, "BTCUSDT", 9, at)])  # fmt: skip
    note_leverages([(mine, "BTCUSDT", 3, at - second), (mine, "ETHUSDT", 4, at)])
    assert (leverages_of(mine), leverages_of(theirs)) == (
        {"BTCUSDT": 7, "ETHUSDT": 4}, {"BTCUSDT": 9},
    )  # fmt: skip

    def unknown(*accounts: int, after: int) -> list[tuple[int, str]]:
        found = unknown_leverages(account_ids=accounts, now=at + timedelta(seconds=after))
        return sorted(found)

    assert unknown(mine, theirs, after=99) == []  # nothing waits
    tell(master, traded(1, "1"), traded(2, "1", symbol="ETHUSDT"))
    tell(other, traded(1, "1"))
    assert unknown(mine, theirs, after=59) == []
    assert unknown(mine, after=60) == [(mine, "BTCUSDT"), (mine, "ETHUSDT")]
    assert unknown(theirs, after=60) == [(theirs, "BTCUSDT")]
    mirrored(master)
    assert unknown(mine, after=60) == []
    gather(
        told=_told(master, SettingsNews("BTCUSDT", at + second, leverage=8),
                   SettingsNews("ETHUSDT", at + second, hedged=True)),
        booked=[], now=now(),
    )  # fmt: skip
    assert leverages_of(mine) == {"BTCUSDT": 8, "ETHUSDT": 4}


def _decided(master: MasterAccount, at: datetime) -> datetime | None:
    return decide_moves(master_id=master.pk, now=at)


def test_a_move_is_waited_for_300_ms_and_a_broken_stream_for_a_second_at_a_time() -> None:
    master = a_master()
    seen = now()
    take_in(told=_told(master, traded(1, "1", ago=0)), now=seen)
    assert _decided(master, seen) == seen + JOIN
    assert not MasterMove.objects.exists()
    set_stream(master, "broken")
    assert _decided(master, seen + JOIN) == seen + JOIN + WHOLE_AGAIN
    set_stream(master, "live")
    assert _decided(master, seen + JOIN) is None
    assert MasterMove.objects.get().state == "ready"
    assert _decided(master, seen + JOIN) is None
    assert tell_ready(master_id=master.pk, now=now()) == 1
    assert tell_ready(master_id=master.pk, now=now()) == 0


def test_what_is_due_of_two_symbols_is_decided_by_itself_in_the_venues_order() -> None:
    master = a_master()
    seen = now()
    take_in(told=_told(master, traded(2, "1", symbol="ETHUSDT", order="2", ago=2)), now=seen)
    take_in(told=_told(master, traded(1, "0.5", order="1", ago=3)), now=seen)
    half = timedelta(milliseconds=150)
    take_in(told=_told(master, traded(3, "-1", order="3", ago=0.1)), now=seen + half)
    take_in(told=_told(master, traded(4, "3", symbol="ETHUSDT", order="4", ago=0)),
            now=seen + half / 2)  # fmt: skip
    assert _decided(master, seen + JOIN) == seen + JOIN + half / 2
    moves = MasterMove.objects.order_by("pk").values_list("symbol", "trade_id", "held_before")
    assert list(moves.all()) == [("BTCUSDT", "1", d("0")), ("ETHUSDT", "2", d("0"))]
    assert _decided(master, seen + JOIN + half) is None
    assert list(moves.all())[2:] == [("BTCUSDT", "3", d("0.5")), ("ETHUSDT", "4", d("1"))]


def test_followers_who_are_in_an_ignored_symbol_are_let_out_and_nobody_is_let_in() -> None:
    master = a_master()
    tell(master, traded(1, "1", ago=5))
    mirrored(master)
    MasterAccount.objects.update(ignored_symbols=["BTCUSDT", "ETHUSDT"])
    for number, (quantity, symbol) in enumerate(
        [("1", "ETHUSDT"), ("-1", "ETHUSDT"), ("-0.5", "BTCUSDT"), ("2", "BTCUSDT")], 2
    ):
        tell(master, traded(number, quantity, symbol=symbol, order=str(number)))
        mirrored(master)
    assert [each[:3] for each in signals()] == [("open", "long", "1"), ("close", "long", "50")]
    assert outcomes() == [
        ("told", ""), ("ignored", Why.SYMBOL), ("ignored", Why.SYMBOL), ("told", ""),
        ("ignored", Why.SYMBOL),
    ]  # fmt: skip


def test_the_order_of_ours_that_was_only_planned_makes_nobody_wait() -> None:
    master = a_master(rules=Rules([], "QUIET"))
    tell(master, traded(1, "1", name="quiet-7", ago=4))
    assert mirrored(master) is None
    tell(master, traded(2, "1", name="", order="2", ago=3))
    assert mirrored(master) is None
    assert outcomes() == [("ignored", Why.NO_COPY), ("told", "")]


def test_one_masters_fault_leaves_the_others_running_and_the_earliest_is_told() -> None:
    ill, well, late = a_master(), a_master(), a_master()
    seen = now()
    for master, ago in ((ill, 0.0), (well, 0.0), (late, 0.0)):
        take_in(told=_told(master, traded(1, "1", ago=ago)), now=seen)
    MasterFill.objects.filter(master=ill).update(side="odd")
    MasterFill.objects.filter(master=late).update(seen_at=seen + timedelta(milliseconds=100))
    assert mirror(now=seen + timedelta(milliseconds=200)) == seen + JOIN
    assert mirror(now=seen + JOIN) == seen + JOIN + timedelta(milliseconds=100)
    assert mirror(now=seen + 2 * JOIN) is None
    assert set(MasterMove.objects.values_list("master_id", flat=True)) == {well.pk, late.pk}
    assert mirror(now=seen + 2 * JOIN, account_ids=[]) is None
    MasterFill.objects.filter(master=ill).update(side="buy", seen_at=seen)
    assert sweep_masters(seen + PATIENCE - timedelta(milliseconds=1)) == 0
    assert sweep_masters(seen + PATIENCE) == 1
    assert len(signals(ill)) == 1
