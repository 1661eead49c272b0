"""What a master trades becomes one signal a move, whatever is told twice, late or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings as django_settings

from mimic.audit.models import Entry
from signals.models import InboxMessage, Signal
from signals.services.stances import stance_of
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.news_cast import a_fill, an_order
from tests.masters.cast import a_master, d, set_stream
from tests.masters.stories import an_exit, ended, mirrored, now, outcomes, signals, tell, traded
from trading.copying.masters.connecting import Change, Rules, change_master
from trading.copying.masters.leverages import note_leverages
from trading.copying.masters.mirror import sweep_masters
from trading.domain.mirroring import Why
from trading.domain.news import BalanceNews
from trading.domain.ports import PositionSide, Side
from trading.models import MasterMove, SignalFanout

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    a_quote()


def test_opening_adding_reducing_closing_and_reversing_become_signals() -> None:
    master = a_master()
    story = [("1", "open", "1"), ("0.5", "open", "0.5"), ("-0.3", "close", "20")]
    for number, (quantity, _, _) in enumerate([*story, ("-1.2", "", ""), ("1", "", "")]):
        tell(master, traded(number, quantity, order=str(number), ago=9 - number))
        mirrored(master)
    tell(master, traded(9, "-1.5", order="9"))
    mirrored(master)
    assert signals() == [
        ("open", "long", "1", "published"),
        ("open", "long", "0.5", "published"),
        ("close", "long", "20", "published"),
        ("close", "long", "all", "published"),
        ("open", "long", "1", "published"),
        ("close", "long", "all", "published"),
        ("open", "short", "0.5", "published"),
    ]
    close, opened = Signal.objects.order_by("pk")[5:]
    assert opened.after_id == close.pk
    assert SignalFanout.objects.count() == 7


def test_a_signal_carries_price_leverage_margin_and_size_and_the_inbox_its_key() -> None:
    master = a_master()
    note_leverages([(master.account_id, "BTCUSDT", 10, now())])
    tell(master, traded(5, "0.1", order="77"), traded(6, "0.1", order="77", price="60100"))
    mirrored(master)
    signal, message, move = (
        Signal.objects.get(),
        InboxMessage.objects.get(),
        MasterMove.objects.get(),
    )
    assert (signal.entry_price, signal.leverage, signal.quantity) == (60050, 10, d("0.2"))
    assert signal.margin_pct == d("12.01")
    assert (signal.strategy_size, signal.take_profit_pct) == (d("0.2"), None)
    assert (message.door, message.verdict) == ("master", "accepted")
    assert '"order_id": "77"' in message.body
    assert '"equity": "10000' in message.body
    assert (move.state, move.signal_id, move.equity) == ("told", signal.pk, 10_000)


def test_fills_of_one_order_are_joined_for_300_ms_or_until_the_order_is_done() -> None:
    master = a_master()
    tell(master, traded(1, "0.1", ago=1.0))
    assert mirrored(master, after=0.1) is not None
    tell(master, traded(2, "0.2", ago=0.9))
    mirrored(master)
    tell(master, traded(3, "0.3", ago=0.1))
    assert signals() == [("open", "long", "0.3", "published")]
    mirrored(master)
    tell(master, traded(8, "0.2", order="2"), ended("2", "0.2"))
    assert mirrored(master, after=0.0) is None
    assert [each[2] for each in signals()] == ["0.3", "0.3", "0.2"]


def test_what_is_not_mirrored_has_its_reason_on_record() -> None:
    master = a_master(rules=Rules(["ETHUSDT"], "hush"))
    a_market("ETHUSDT")
    for news in (
        traded(1, "1", order="1", name="HUSH-1"),
        traded(2, "1", order="2", symbol="ETHUSDT"),
        traded(3, "1", order="3", name=f"m{django_settings.MIMIC_INSTANCE}0000"),
        traded(4, "1", order="4", ago=5_000),
        traded(5, "1", order="5", ago=61),
        BalanceNews("FUNDING_FEE", now()),
        BalanceNews("DEPOSIT", now()),
        BalanceNews("ORDER", now()),
    ):
        tell(master, news, news)
        mirrored(master)
    whys = [Why.NO_COPY, Why.SYMBOL, Why.OURS, Why.BEFORE, Why.TOO_OLD, Why.FUNDING, Why.TRANSFER]
    assert outcomes() == [("ignored", why.value) for why in whys]
    assert signals() == []


def test_fills_of_our_own_orders_on_the_account_are_not_mirrored_but_count_as_held() -> None:
    master = a_master()
    copy = a_follower(master.strategy, account=master.account)
    order = an_order(master.account, copy=copy, quantity="1")
    tell(master, a_fill(order, 1, "1"))
    mirrored(master)
    assert (signals(), MasterMove.objects.exists()) == ([], False)
    tell(master, traded(2, "-0.25", order="2"))
    mirrored(master)
    assert signals() == [("close", "long", "25", "published")]


def test_what_looks_like_an_open_waits_while_an_order_of_ours_is_out() -> None:
    master = a_master()
    copy = a_follower(master.strategy, account=master.account)
    order = an_order(master.account, copy=copy, quantity="1")
    tell(master, traded(2, "-0.25", order="2"))
    assert mirrored(master) is not None
    assert signals() == []
    tell(master, a_fill(order, 1, "1"))
    mirrored(master)
    assert signals() == [("close", "long", "25", "published")]


def test_a_liquidation_is_a_close_with_its_reason() -> None:
    master = a_master()
    tell(master, traded(1, "1", order="1", ago=2))
    mirrored(master)
    tell(master, traded(2, "-1", order="2", name="autoclose-1", forced=True))
    mirrored(master)
    close = Signal.objects.get(action="close")
    assert (close.close_pct, close.comment) == (None, "Closed by the exchange: liquidation")
    assert MasterMove.objects.latest("pk").forced


def test_both_sides_of_a_hedged_master_are_lines_of_their_own() -> None:
    master = a_master()
    tell(master, traded(1, "1", order="1", side=PositionSide.LONG, ago=3))
    tell(master, traded(2, "-2", order="2", side=PositionSide.SHORT, ago=2))
    tell(master, traded(3, "1", order="3", side=PositionSide.SHORT, ago=1))
    mirrored(master)
    assert [each[:3] for each in signals()] == [
        ("open", "long", "1"), ("open", "short", "2"), ("close", "short", "50"),
    ]  # fmt: skip


def test_in_preview_signals_are_written_and_nobody_gets_them() -> None:
    master = a_master(preview=True)
    a_follower(master.strategy)
    tell(master, traded(1, "1"))
    mirrored(master)
    tell(master, traded(2, "-3", order="2"))
    mirrored(master)
    assert [each[3] for each in signals()] == ["received"] * 3
    assert not SignalFanout.objects.exists()
    assert outcomes() == [("preview", "")] * 2


def test_a_paused_master_opens_nothing_and_still_closes() -> None:
    master = a_master()
    tell(master, traded(1, "1", ago=3))
    mirrored(master)
    by = master.strategy.provider.user
    change_master(master=master, change=Change.PAUSE, by=by, now=now())
    tell(master, traded(2, "1", order="2", ago=2), traded(3, "-2.5", order="3"))
    mirrored(master)
    assert [each[:3] for each in signals()] == [("open", "long", "1"), ("close", "long", "all")]
    assert outcomes()[1:] == [("ignored", Why.PAUSED), ("told", Why.PAUSED)]


def test_a_refused_move_keeps_the_doors_reason() -> None:
    master = a_master()
    type(master.strategy).objects.update(status="paused")
    tell(master, traded(1, "1"))
    mirrored(master)
    tell(master, traded(2, "1", order="2", symbol="NOPEUSDT"))
    type(master.strategy).objects.update(status="active")
    mirrored(master)
    assert outcomes() == [
        ("refused", "alert.strategy_not_active"), ("refused", "alert.unknown_symbol"),
    ]  # fmt: skip
    assert list(InboxMessage.objects.values_list("verdict", flat=True)) == ["refused"] * 2


def test_no_opens_while_the_stream_is_not_whole_and_closes_are_caught_up() -> None:
    master = a_master()
    tell(master, traded(1, "1", ago=9))
    mirrored(master)
    set_stream(master, "broken")
    tell(master, traded(2, "1", order="2", ago=3))
    assert mirrored(master) is not None
    assert len(signals()) == 1
    set_stream(master, "live")
    mirrored(master)
    assert signals()[1:] == [("open", "long", "1", "published")]
    set_stream(master, "joining")
    tell(master, traded(3, "1", order="3", ago=100), traded(4, "0.5", order="4", ago=2))
    tell(master, traded(5, "-7", order="5"))
    mirrored(master)
    assert signals()[2:] == [("close", "long", "all", "published")]
    assert outcomes()[2:] == [
        ("ignored", Why.TOO_OLD), ("ignored", Why.OFFLINE), ("told", Why.OFFLINE),
    ]  # fmt: skip


def test_what_its_process_leaves_lying_the_sweeper_takes_up_and_once_told_is_told() -> None:
    master = a_master()
    tell(master, traded(1, "1"))
    assert sweep_masters(now() + timedelta(seconds=1)) == 0
    assert sweep_masters(now() + timedelta(seconds=5)) == 1
    MasterMove.objects.update(state="ready", signal=None)  # killed before it was noted
    sweep_masters(now() + timedelta(seconds=9))
    assert signals() == [("open", "long", "1", "published")]
    assert outcomes() == [("told", "")]
    assert InboxMessage.objects.get().duplicates == 1


def test_a_preview_does_not_turn_what_alerts_of_the_strategy_mean() -> None:
    strategy = a_strategy().strategy
    a_signal(strategy, direction="long")
    preview = a_signal(strategy, direction="short")
    Signal.objects.filter(pk=preview.pk).update(status="received")
    assert stance_of(strategy_id=strategy.pk, symbol="BTCUSDT").stance == "long"


def test_stops_and_targets_placed_and_moved_at_the_venue_are_the_signals_own() -> None:
    master = a_master()
    tell(master, an_exit("a", "58800", ago=3))
    tell(master, traded(1, "1", ago=2))
    mirrored(master)
    signal = Signal.objects.get()
    assert (signal.stop_loss_pct, signal.take_profit_pct) == (2, None)
    tell(
        master, an_exit("t", "63000", stops=False, ago=1), an_exit("u", "61200", "0.4", stops=False)
    )
    tell(master, an_exit("b", "59400", ago=0.5), an_exit("a", "58800", alive=False, ago=0.6))
    tell(master, an_exit("a", "58800", ago=3))  # old news
    signal.refresh_from_db()
    assert (signal.stop_loss_pct, signal.take_profit_pct) == (1, 2)
    assert signal.targets == [
        {"pct": "2.0000", "share": "40.0000"},
        {"pct": "5.0000", "share": "60.0000"},
    ]
    tell(master, an_exit("b", "59400", alive=False), an_exit("s", "61000", side=Side.BUY))
    signal.refresh_from_db()
    assert signal.stop_loss_pct == 1
    tell(master, an_exit("c", "60500"))
    signal.refresh_from_db()
    assert signal.stop_loss_pct == d("0.0001")
    moved = Entry.objects.filter(action="signals.exits.move").order_by("pk")
    assert [entry.facts["stop"] for entry in moved][-1] == "0.0001"
