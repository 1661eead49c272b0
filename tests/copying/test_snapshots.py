"""What a socket is told first: the person's own present state, in the shape of later messages."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from signals.selectors import signals_for
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy
from tests.execution.paper import now, send_on_paper
from trading.copying.approvals_selectors import waiting_for
from trading.copying.fanout import fan_out
from trading.copying.live import message_of
from trading.copying.selectors import receipts_of_person
from trading.copying.snapshots import NEWEST, SNAPSHOTS
from trading.execution.book_rows import newest_orders, newest_trades
from trading.execution.selectors import open_positions
from trading.models import CopySubscription, EquityPoint

pytestmark = pytest.mark.django_db(transaction=True)


def _told(user: User, channel: str) -> Any:
    told = SNAPSHOTS[channel](user, channel)
    return told if channel == "summary" else told["rows"]


def test_each_channel_begins_with_the_persons_own_rows() -> None:
    a_market()
    a_quote()
    copy = a_follower(a_strategy().strategy)
    a_follower(copy.strategy)
    for action in ("open", "close", "open"):
        fan_out(signal_id=a_signal(copy.strategy, action=action).pk, now=now())
        send_on_paper(closing=action == "close")
    CopySubscription.objects.update(mode="approval")
    fan_out(signal_id=a_signal(copy.strategy, valid_until=now() + timedelta(60)).pk, now=now())
    for age in (timedelta(hours=23), timedelta(hours=25)):
        EquityPoint.objects.create(account=copy.account, equity=Decimal(7), at=now() - age)
    me = copy.user_id
    rows: dict[str, list[Any]] = {
        "receipts": receipts_of_person(user_id=me, limit=9),
        "orders": newest_orders(user_id=me, limit=9),
        "trades": newest_trades(user_id=me, limit=9),
        "positions": open_positions(user_id=me),
        "approvals": waiting_for(user_id=me, now=now()),
    }
    assert {name: len(found) for name, found in rows.items()} == {
        "receipts": 4, "orders": 3, "trades": 1, "positions": 1, "approvals": 1,
    }  # fmt: skip
    for channel, found in rows.items():
        assert _told(copy.user, channel) == [message_of(row) for row in found]
    assert _told(copy.user, "signals") == [asdict(row) for row in signals_for(me, limit=9)]
    assert len(_told(copy.user, "signals")) == 4
    assert [row["equity"] for row in _told(copy.user, "equity")] == [7]
    assert [row["equity"] for row in _told(copy.user, "balance")] == [copy.account.budget.equity]
    assert _told(copy.user, "summary")["open_count"] == 1
    assert "user_id" not in _told(copy.user, "summary")


def test_who_has_nothing_is_told_so_and_an_account_long_silent_is_left_out() -> None:
    stranger = a_person()
    for channel in SNAPSHOTS:
        empty = {"equity": None, "open_pnl": None, "open_count": 0}
        assert _told(stranger, channel) == (empty if channel == "summary" else [])
    copy = a_follower(a_strategy().strategy)
    long_ago = now() - timedelta(hours=25)
    EquityPoint.objects.create(account=copy.account, equity=Decimal(7), at=long_ago)
    assert _told(copy.user, "equity") == []


def test_a_list_begins_with_the_newest_fifty() -> None:
    copy = a_follower(a_strategy().strategy, mode="notify")
    signals = [a_signal(copy.strategy) for _ in range(NEWEST + 1)]
    for signal in signals:
        fan_out(signal_id=signal.pk, now=now())
    for channel in ("signals", "receipts"):
        assert len(_told(copy.user, channel)) == NEWEST
