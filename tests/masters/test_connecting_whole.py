"""Masters' rows, entries and refusals, whole; who sees them; exits as distances."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Role
from mimic.audit.models import Entry
from mimic.audit.selectors import private_parts
from signals.models import Signal
from tests.cast import a_market, a_person, a_quote, a_strategy, an_account
from tests.masters.cast import KEYS, a_master, d, their_account
from tests.masters.stories import an_exit, mirrored, now, tell, traded
from trading.copying.masters.connecting import (
    Change,
    MasterTaken,
    MasterUnfit,
    MasterWrongState,
    Rules,
    change_master,
    check_master,
    connect_master,
    pause_masters_of,
    set_rules,
    tidy,
)
from trading.copying.masters.selectors import (
    account_that_speaks,
    masters_of,
    moves_of,
    own_strategies,
)
from trading.copying.masters.wording import REASONS, reason_of
from trading.domain.mirroring import Why
from trading.domain.ports import Side
from trading.models import MasterAccount, MasterExit, MasterMove

pytestmark = pytest.mark.django_db(transaction=True)


def _entry(action: str) -> tuple[Any, ...]:
    """Who did it, whose it is, to what, and its words."""
    each = Entry.objects.filter(action=action).latest("pk")
    words = private_parts([each])[each.pk]
    return each.actor_id, each.subject_id, each.object_id, each.facts, words


def test_what_is_done_to_a_master_is_on_record_with_whose_it_is_and_who_did_it() -> None:
    strategy, owner, admin = a_strategy().strategy, a_person(Role.OWNER), a_person(Role.ADMIN)
    account, at = an_account(owner, keys=KEYS), now()
    master = connect_master(strategy=strategy, account=account, by=admin, now=at)
    row = MasterAccount.objects.get()
    assert (row.strategy_id, row.account_id, row.connected_by_id, row.connected_at) == (
        strategy.pk, account.pk, admin.pk, at,
    )  # fmt: skip
    assert (row.ignored_symbols, row.no_copy_prefix, row.consent_version) == ([], "nocopy", None)
    about = (admin.pk, owner.pk, str(master.pk))
    facts = {"strategy": strategy.slug, "venue": "binanceusdm"}
    assert _entry("trading.master.connect")[:4] == (*about, facts)
    change_master(master=master, change=Change.PAUSE, by=admin, now=at, reason="holiday")
    assert _entry("trading.master.change") == (
        *about, {"change": "pause"}, {"reason": "holiday"},
    )  # fmt: skip
    change_master(master=master, change=Change.RESUME, by=admin, now=at)
    assert _entry("trading.master.change")[3:] == ({"change": "resume"}, {})
    set_rules(master=master, rules=Rules(["ethusdt"], "hush"), by=admin)
    rules = {"ignored_symbols": ["ETHUSDT"], "no_copy_prefix": "hush"}
    assert _entry("trading.master.rules")[:4] == (*about, rules)


def test_each_change_writes_its_own_and_no_others_and_the_end_its_time() -> None:
    master, other = a_master(preview=True), a_master(preview=True)
    by, at = master.connected_by, now()

    def seen(row: MasterAccount) -> tuple[Any, ...]:
        row.refresh_from_db()
        return row.state, row.preview, row.ended_at

    for change, wanted in (
        (Change.PUBLISH, ("active", False, None)),
        (Change.PAUSE, ("paused", False, None)),
        (Change.PREVIEW, ("paused", True, None)),
        (Change.RESUME, ("active", True, None)),
        (Change.DISCONNECT, ("disconnected", True, at)),
    ):
        change_master(master=master, change=change, by=by, now=at)
        assert seen(master) == wanted
    assert seen(other) == ("active", True, None)
    entries = Entry.objects.count()
    deeds: list[Callable[[], None]] = [
        lambda: change_master(master=master, change=Change.DISCONNECT, by=by, now=at),
        lambda: set_rules(master=master, rules=Rules(["BTCUSDT"]), by=by),
    ]
    for again in deeds:
        with pytest.raises(MasterWrongState) as refused:
            again()
        assert refused.value.detail == "Disconnected"
    assert Entry.objects.count() == entries
    pause_masters_of(other.account.user_id)
    pause_masters_of(master.account.user_id)
    assert (seen(other)[0], seen(master)[0]) == ("paused", "disconnected")


def test_an_account_or_a_strategy_that_is_taken_is_told_before_anybody_asks() -> None:
    master = a_master()
    by = master.strategy.provider.user
    mine = their_account(master.strategy)
    second = a_strategy().strategy
    type(second).objects.filter(pk=second.pk).update(provider=master.strategy.provider)
    second.refresh_from_db()
    for strategy, account in ((master.strategy, mine), (second, master.account)):
        with pytest.raises(MasterTaken):
            check_master(strategy=strategy, account=account, by=by)
    check_master(strategy=second, account=mine, by=by)


@pytest.mark.parametrize(
    ("account", "text"),
    [
        ({"keys": None}, "a paper account has no trades of its own"),
        ({"venue": "kraken"}, "Kraken does not tell us what its accounts trade"),
        ({"state": "failing"}, "Failing"),
    ],
)
def test_an_account_that_cannot_be_a_master_is_told_why(account: dict[str, Any], text: str) -> None:
    strategy = a_strategy().strategy
    by = strategy.provider.user
    unfit = an_account(by, **{"keys": KEYS, **account})
    with pytest.raises(MasterUnfit) as refused:
        check_master(strategy=strategy, account=unfit, by=by)
    assert refused.value.detail == text


def test_rules_are_kept_in_one_spelling_and_what_is_like_no_symbol_or_prefix_is_refused() -> None:
    assert tidy(Rules(["  btcusdt", "ETHUSDT ", "BTCUSDT", " "], " hush ")) == (
        ["BTCUSDT", "ETHUSDT"], "hush",
    )  # fmt: skip
    for prefix in ("ab", "a" * 16):
        assert tidy(Rules([], prefix)).no_copy_prefix == prefix
    for symbol in ("1I", "A" * 32):
        assert tidy(Rules([symbol])).ignored_symbols == [symbol]
    for rules, text in (
        (Rules([], " a "), "the no-copy prefix has 2 to 16 characters"),
        (Rules([], "a" * 17), "the no-copy prefix has 2 to 16 characters"),
        (Rules(["OK", "BTC/USDT"]), "'BTC/USDT' is not like BTCUSDT"),
        (Rules(["X" * 50]), f"'{'X' * 40}' is not like BTCUSDT"),
        (Rules(["A"]), "'A' is not like BTCUSDT"),
    ):
        with pytest.raises(MasterUnfit) as refused:
            tidy(rules)
        assert refused.value.detail == text


def test_a_person_sees_masters_on_their_accounts_and_of_their_strategies() -> None:
    strategy, owner, admin = a_strategy().strategy, a_person(Role.OWNER), a_person(Role.ADMIN)
    provider = strategy.provider.user
    account = an_account(owner, keys=KEYS)
    old = connect_master(strategy=strategy, account=account, by=admin, now=now())
    change_master(master=old, change=Change.DISCONNECT, by=admin, now=now())
    own = their_account(strategy)
    new = connect_master(strategy=strategy, account=own, by=provider, now=now())
    others = a_master()
    moves = {
        each.pk: MasterMove.objects.create(
            master=each, state="ignored", code="", trade_id="1", at=now(), decided_at=now()
        )
        for each in (old, new, others)
    }
    for person, seen in ((provider, {old.pk, new.pk}), (owner, {old.pk}), (admin, set())):
        assert {each.pk for each in masters_of(person.pk)} == seen
        assert {each.pk for each in moves_of(person.pk)} == {moves[pk].pk for pk in seen}
    assert account_that_speaks(strategy.pk) == own.pk
    assert account_that_speaks(others.strategy_id) == others.account_id
    assert account_that_speaks(a_strategy().strategy.pk) is None
    assert list(own_strategies(provider.pk)) == [strategy]
    assert list(own_strategies(owner.pk)) == []


def test_a_reason_is_a_sentence_and_the_doors_own_code_is_left_as_it_is() -> None:
    assert set(REASONS) > set(Why)
    assert reason_of("master.funding") == "Funding was paid or received"
    assert reason_of("alert.unknown_symbol") == "No exchange here trades that symbol"
    assert (reason_of("alert.too_old"), reason_of("")) == ("alert.too_old", "")


@pytest.mark.parametrize(
    ("entry", "side", "stop", "targets"),
    [
        ("1", Side.SELL, "59400.006", ["60600", "61200", "63000"]),
        ("-1", Side.BUY, "60599.994", ["59400", "58800", "57000"]),
    ],
)
def test_exits_are_distances_from_the_entry_on_the_side_that_closes(
    entry: str, side: Side, stop: str, targets: list[str]
) -> None:
    a_market()
    a_quote()
    master = a_master()
    tell(master, traded(1, entry, ago=5))
    mirrored(master)
    shares = ("0.5", "0.3", "0")
    news = [
        an_exit(f"t{number}", price, share, side=side, stops=False)
        for number, (price, share) in enumerate(zip(targets, shares, strict=True))
    ]
    tell(master, *news, an_exit("s", stop, "1", side=side, ago=1))
    kept: Any = MasterExit.objects.filter(order_id="t1").values().get()
    assert {name: kept[name] for name in kept if name != "id"} == {
        "master_id": master.pk, "order_id": "t1", "symbol": "BTCUSDT", "position_side": "both",
        "side": side.value, "stops": False, "price": d(targets[1]), "quantity": d("0.3"),
        "alive": True, "at": news[1].at,
    }  # fmt: skip
    signal = Signal.objects.get()
    assert signal.stop_loss_pct == d("0.9999")  # rounded towards the entry
    assert signal.targets == [
        {"pct": "1.0000", "share": "50.0000"},
        {"pct": "2.0000", "share": "30.0000"},
        {"pct": "5.0000", "share": "20.0000"},
    ]
    behind = "59994" if side is Side.SELL else "60006"
    tell(master, an_exit("b", behind, "1", side=side, stops=False))
    signal.refresh_from_db()
    assert [each["pct"] for each in signal.targets] == ["1.0000", "2.0000", "5.0000"]


def test_targets_are_eight_at_most_and_two_at_one_distance_are_one() -> None:
    a_market()
    a_quote()
    master = a_master()
    tell(master, traded(1, "1", ago=9))
    mirrored(master)
    prices = [60_600 + 600 * each for each in range(8)]
    tell(master, *(an_exit(f"t{price}", str(price), "0.1", stops=False) for price in prices))
    tell(master, an_exit("near", "60300", "0.1", stops=False),
         an_exit("same", "60600", "0.15", stops=False))  # fmt: skip
    signal = Signal.objects.get()
    seen = [(each["pct"], each["share"]) for each in signal.targets]
    assert seen[:3] == [("0.5000", "10.0000"), ("1.0000", "25.0000"), ("2.0000", "10.0000")]
    assert [pct for pct, _ in seen][3:] == [f"{each}.0000" for each in range(3, 7)]
    assert sum(d(share) for _, share in seen) == d("85")


def test_exits_are_those_of_the_newest_open_there_and_of_its_whole_position() -> None:
    a_market()
    a_market("ETHUSDT")
    a_quote()
    master, other = a_master(), a_master()
    tell(other, traded(1, "1", ago=9))
    mirrored(other)
    tell(master, traded(1, "1", ago=9), traded(2, "3", order="2", price="30000", ago=8))
    mirrored(master)
    tell(master, an_exit("t", "33000", "1", stops=False), an_exit("s", "29100", ago=2))
    first, second = Signal.objects.filter(strategy=master.strategy).order_by("pk")
    usual = master.strategy.default_stop_loss_pct
    assert (first.stop_loss_pct, first.take_profit_pct) == (usual, None)
    assert (second.stop_loss_pct, second.take_profit_pct) == (3, 10)
    assert second.targets == []
    assert Signal.objects.get(strategy=other.strategy).stop_loss_pct == usual
    tell(master, an_exit("s", "28800", alive=True, ago=3))
    tell(master, an_exit("s", "28500", ago=1), an_exit("s", "28500", alive=False, ago=1))
    second.refresh_from_db()
    assert second.stop_loss_pct == 3  # what was taken out says nothing
    row = MasterExit.objects.get(order_id="s")
    assert (row.alive, row.price) == (False, d("28500"))
    tell(master, an_exit("s", "28800", ago=-1))
    row.refresh_from_db()
    assert not row.alive
