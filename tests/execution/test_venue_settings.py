"""Leverage, margin and position mode at the venue: set once, read again, never fought over.

The oracle is what the simulator holds, and how often it was asked to change something.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from tests.cast import a_signal
from tests.execution.resting import Desk, resting_desk
from trading.copying.fanout import fan_out
from trading.copying.venue_leverage import plan_venue_settings
from trading.domain.ports import AccountSettings, MarginMode
from trading.execution.setting_rounds import work_settings
from trading.execution.venue_settings import Found, settle_settings, take_settings
from trading.models import CopySubscription, ExchangeAccount, Order, VenueSetting

pytestmark = pytest.mark.django_db(transaction=True)
LEVERAGE = "POST /v5/position/set-leverage"
ISOLATE = "POST /v5/account/set-margin-mode"
MODE = "POST /v5/position/switch-mode"
READ = "GET /v5/position/list"


@dataclass(frozen=True, slots=True)
class Office:
    """A desk whose follower's settings nobody has asked for."""

    desk: Desk
    copy: CopySubscription

    @property
    def row(self) -> VenueSetting:
        return VenueSetting.objects.get()

    @property
    def there(self) -> Any:
        """The account as the venue has it."""
        return self.desk.simulator.venue.accounts["key"]

    def round(self, after: timedelta = timedelta(0)) -> VenueSetting:
        self.desk.ahead += after
        work_settings(self.desk.dispatcher, self.desk.now)
        return self.row

    def fault(self, endpoint: str, **told: Any) -> None:
        self.desk.inject(endpoint=endpoint, count=1, **told)


@pytest.fixture
def office(settings: LazySettings) -> Iterator[Office]:
    with resting_desk(settings) as desk:
        desk.inject(match_lag=0)
        copy = desk.followed()
        VenueSetting.objects.all().delete()
        a_signal(copy.strategy, leverage=5)
        plan_venue_settings(now=desk.now())
        yield Office(desk, copy)


def _changes(office: Office) -> list[str]:
    """What the next round asks the venue to change; it would be refused."""
    for endpoint in (LEVERAGE, ISOLATE, MODE):
        office.fault(endpoint, action="status", status=500, body="no")
    office.round(timedelta(minutes=16))
    scripts = office.desk.simulator.command("GET /_sim/state", {})["faults"]
    office.desk.simulator.command("DELETE /_sim/inject", {})
    return [script["endpoint"] for script in scripts if script["fired"]]


def test_what_a_copy_wants_is_set_and_then_counts_for_its_sizes(office: Office) -> None:
    assert office.there.leverage("BTCUSDT") == 10
    row = office.round()
    assert office.there.leverage("BTCUSDT") == 5
    assert (row.state, row.leverage, row.margin_mode, row.hedged) == ("set", 5, "cross", False)
    assert (row.code, row.tries, row.read_at is not None) == ("", 0, True)
    fan_out(signal_id=a_signal(office.copy.strategy).pk, now=office.desk.now())
    assert Order.objects.get().leverage == 5


def test_until_it_is_confirmed_an_open_reserves_its_whole_value(office: Office) -> None:
    fan_out(signal_id=a_signal(office.copy.strategy).pk, now=office.desk.now())
    order = Order.objects.get()
    assert order.leverage == 1
    assert order.margin_reserved >= order.quantity * 60_000
    assert order.subscription_id == office.copy.pk


def test_a_second_round_changes_nothing_and_reads_again_in_a_quarter_of_an_hour(
    office: Office,
) -> None:
    row = office.round()
    assert timedelta(minutes=14) < row.due_at - office.desk.now() <= timedelta(minutes=15)
    assert take_settings(now=office.desk.now() + timedelta(minutes=14)) == []
    assert _changes(office) == []
    assert office.row.state == "set"


@pytest.mark.parametrize("action", ["rst", "garbage200"])
@pytest.mark.parametrize("when", ["before_accept", "after_accept"])
def test_a_lost_answer_is_settled_by_reading(office: Office, when: str, action: str) -> None:
    office.fault(LEVERAGE, action=action, when=when)
    row = office.round()
    arrived = when == "after_accept"
    assert (row.state, row.leverage) == (("set", 5) if arrived else ("no_answer", 10))
    if not arrived:
        assert row.code in {"venue.no_answer", "venue.unreadable"}
        assert row.due_at - office.desk.now() < timedelta(seconds=10)
        row = office.round(timedelta(seconds=6))
    assert (row.state, row.leverage, office.there.leverage("BTCUSDT")) == ("set", 5, 5)


def test_a_venue_that_does_not_answer_is_asked_again_ever_more_slowly(office: Office) -> None:
    pauses = []
    for _ in range(4):
        office.fault(READ, action="status", status=503, body="busy")
        row = office.round(timedelta(seconds=41))
        pauses.append(round((row.due_at - office.desk.now()).total_seconds()))
    assert pauses == [5, 10, 20, 40]
    assert (row.state, row.code, row.tries, row.read_at) == (
        "no_answer",
        "setting.no_answer",
        4,
        None,
    )
    assert office.round(timedelta(seconds=41)).state == "set"


def test_a_refusal_says_why_and_what_the_venue_has_is_what_counts(office: Office) -> None:
    office.fault(LEVERAGE, action="status", status=200,
                 body='{"retCode":110013,"retMsg":"Cannot set leverage","result":{}}')  # fmt: skip
    row = office.round()
    assert (row.state, row.code, row.message) == (
        "refused",
        "venue.leverage",
        "Cannot set leverage",
    )
    assert row.leverage == 10  # above what is wanted, cross: no harm
    fan_out(signal_id=a_signal(office.copy.strategy).pk, now=office.desk.now())
    assert Order.objects.get().leverage == 5
    assert office.round(timedelta(minutes=16)).state == "set"


def test_what_somebody_changes_at_the_venue_is_theirs_and_sizes_follow_it(office: Office) -> None:
    office.round()
    office.there.leverages["BTCUSDT"] = 3
    assert _changes(office) == []
    row = office.row
    assert (row.state, row.code, row.leverage) == ("changed", "setting.changed_at_venue", 3)
    fan_out(signal_id=a_signal(office.copy.strategy).pk, now=office.desk.now())
    assert Order.objects.get().leverage == 3
    assert _changes(office) == []  # and not the next time either
    office.there.leverages["BTCUSDT"] = 5
    office.round(timedelta(minutes=16))
    assert (office.row.state, office.row.code) == ("set", "")


def test_another_wish_is_set_again_whatever_was_changed_there(office: Office) -> None:
    office.round()
    office.there.leverages["BTCUSDT"] = 3
    office.round(timedelta(minutes=16))
    a_signal(office.copy.strategy, leverage=8)
    CopySubscription.objects.update(settings_at_venue=0)
    plan_venue_settings(now=office.desk.now())
    row = office.round()
    assert (row.state, row.leverage, office.there.leverage("BTCUSDT")) == ("set", 8, 8)


def test_the_accounts_position_mode_is_asked_for_and_the_venues_word_is_taken(
    office: Office,
) -> None:
    office.there.hedge = True
    row = office.round()
    assert (row.state, row.hedged, office.there.hedge) == ("set", False, False)
    office.there.hedge = True  # its owner's own doing
    row = office.round(timedelta(minutes=16))
    assert (row.state, row.hedged) == ("changed", True)
    assert ExchangeAccount.objects.get().hedge is True
    assert office.round(timedelta(minutes=16)).state == "set"


def test_isolated_margin_becomes_cross(office: Office) -> None:
    office.there.margin_mode = "ISOLATED_MARGIN"
    row = office.round()
    assert (row.state, row.margin_mode) == ("set", "cross")
    assert office.there.margin_mode == "REGULAR_MARGIN"


def test_a_worker_that_dies_leaves_the_row_to_the_next(office: Office) -> None:
    (taken,) = take_settings(now=office.desk.now())
    assert taken.wanted == 5
    assert take_settings(now=office.desk.now()) == []
    assert len(take_settings(now=office.desk.now() + timedelta(seconds=61))) == 1


def test_an_answer_for_a_wish_that_is_another_by_now_is_dropped(office: Office) -> None:
    (taken,) = take_settings(now=office.desk.now())
    VenueSetting.objects.update(wanted=9)
    told = AccountSettings(leverage=5, margin_mode=MarginMode.CROSS, hedged=False)
    settle_settings(found=[Found(taken, told)], now=office.desk.now())
    assert (office.row.state, office.row.leverage) == ("planned", None)
    row = office.round(timedelta(seconds=61))
    assert (row.state, row.leverage) == ("set", 9)


def test_accounts_that_nobody_copies_on_are_left_alone(office: Office) -> None:
    CopySubscription.objects.update(status="paused")
    assert take_settings(now=office.desk.now()) == []
    assert office.there.leverage("BTCUSDT") == 10
