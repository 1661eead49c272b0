"""Keys are not used beyond their own limits, whatever was decided; what is odd freezes them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mimic.audit.models import Entry
from tests.cast import (
    VENUE,
    a_follower,
    a_market,
    a_person,
    a_quote,
    a_signal,
    a_strategy,
    an_account,
)
from tests.execution.paper import send_on_paper
from trading.copying.fanout import fan_out
from trading.domain.key_guard import STRIKES
from trading.domain.ports import Credentials
from trading.execution import key_guard
from trading.execution.claims import equip, take_orders
from trading.models import CopyExecution, ExchangeAccount, InstrumentQuote, KeyGuard, Order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.security(32)]
KEYS = Credentials("key", "secret")


def _now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def account() -> ExchangeAccount:
    a_market()
    a_quote()
    return an_account(keys=KEYS)


def _signals(account: ExchangeAccount, count: int = 1) -> None:
    """Each an open of about 2,500 USDT: 5 % of 10,000 as margin, leverage 5."""
    for _ in range(count):
        strategy = a_strategy().strategy
        a_follower(strategy, account=account)
        fan_out(signal_id=a_signal(strategy).pk, now=_now())


def _equipped() -> list[str]:
    claimed = take_orders(route=VENUE, closing=False, limit=500, now=_now())
    return [job.order.symbol for job in equip(claimed, now=_now())]


@pytest.mark.parametrize(
    ("limits", "signed"),
    [
        ({}, 1),
        ({"symbols": ["BTCUSDT"], "max_notional": Decimal(100_000)}, 1),
        ({"symbols": ["ETHUSDT"]}, 0),
        ({"max_notional": Decimal(50)}, 0),
    ],
)
def test_an_open_beyond_the_limits_is_not_signed_and_its_receipt_says_so(
    account: ExchangeAccount, limits: dict[str, object], signed: int
) -> None:
    KeyGuard.objects.create(account=account, **limits)
    _signals(account)
    assert len(_equipped()) == signed
    receipt = CopyExecution.objects.get()
    if not signed:
        assert (receipt.outcome, receipt.code) == ("refused", "key_guard")
        assert receipt.venue_message.startswith("key guard: ")


def test_a_notional_without_a_fresh_price_is_too_much(account: ExchangeAccount) -> None:
    KeyGuard.objects.create(account=account, max_notional=Decimal(100_000))
    _signals(account)
    InstrumentQuote.objects.update(at=_now() - 2 * key_guard.FRESH)
    assert _equipped() == []
    assert CopyExecution.objects.get().venue_message == "key guard: no_price"


def test_who_goes_on_beyond_the_limits_is_frozen_until_an_operator_frees_the_keys(
    account: ExchangeAccount,
) -> None:
    guard = KeyGuard.objects.create(account=account, symbols=["ETHUSDT"])
    _signals(account, STRIKES)
    assert _equipped() == []
    guard.refresh_from_db()
    assert (guard.frozen_at is not None, guard.frozen_why) == (True, "symbol")
    entry = Entry.objects.get(action="trading.keys.freeze")
    assert (entry.actor_id, entry.facts) == (None, {"why": "symbol"})
    KeyGuard.objects.update(symbols=[])
    _signals(account)
    assert _equipped() == [], "frozen"
    assert key_guard.free_keys(account=account, by=a_person(), reason="looked")
    _signals(account)
    assert _equipped() == ["BTCUSDT"]


def test_keys_in_an_odd_hurry_are_frozen(account: ExchangeAccount) -> None:
    KeyGuard.objects.create(account=account, opens_a_minute=2)
    _signals(account, 4)
    assert len(_equipped()) == 2
    assert KeyGuard.objects.get().frozen_why == "pace"


def test_frozen_keys_still_close(account: ExchangeAccount) -> None:
    operator = a_person()
    assert key_guard.freeze_keys(account=account, by=operator, reason="odd", now=_now())
    assert not key_guard.freeze_keys(account=account, by=operator, reason="odd", now=_now())
    _signals(account)
    Order.objects.update(reduce_only=True)
    claimed = take_orders(route=VENUE, closing=True, limit=10, now=_now())
    assert len(equip(claimed, now=_now())) == 1


def test_paper_has_no_keys_to_guard(account: ExchangeAccount) -> None:
    strategy = a_strategy().strategy
    paper = a_follower(strategy).account
    KeyGuard.objects.create(account=paper, symbols=["ETHUSDT"])
    fan_out(signal_id=a_signal(strategy).pk, now=_now())
    assert send_on_paper() == 1
