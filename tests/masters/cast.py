"""A provider whose exchange account speaks for a strategy, and what they trade there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from signals.models import Strategy
from tests.cast import VENUE, a_strategy, an_account
from trading.copying.masters.connecting import (
    USUAL,
    Change,
    Rules,
    change_master,
    connect_master,
)
from trading.domain.ports import Credentials
from trading.models import AccountStream, ExchangeAccount, MasterAccount

KEYS = Credentials("master-key", "master-secret", "master-phrase")


def their_account(
    strategy: Strategy, keys: Credentials = KEYS, venue: str = VENUE
) -> ExchangeAccount:
    return an_account(strategy.provider.user, keys=keys, venue=venue)


def a_master(
    *, strategy: Strategy | None = None, preview: bool = False, live: bool = True,
    rules: Rules = USUAL, keys: Credentials = KEYS, venue: str = VENUE,
) -> MasterAccount:  # fmt: skip
    """Connected an hour ago; its stream is whole unless told otherwise."""
    strategy = strategy or a_strategy().strategy
    account, now = their_account(strategy, keys, venue), datetime.now(UTC)
    by = strategy.provider.user
    master = connect_master(
        strategy=strategy, account=account, by=by, now=now - timedelta(hours=1), rules=rules
    )
    if not preview:
        change_master(master=master, change=Change.PUBLISH, by=by, now=now)
        master.refresh_from_db()
    if live:
        set_stream(master, "live")
    return master


def set_stream(master: MasterAccount, state: str) -> None:
    told = {"state": state, "alive_at": datetime.now(UTC)}
    AccountStream.objects.update_or_create(account=master.account, defaults=told)


def d(number: str) -> Decimal:
    return Decimal(number)
