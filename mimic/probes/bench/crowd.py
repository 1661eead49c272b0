"""Followers for a measurement: on paper, or with keys at the venue on the wire."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from secrets import token_hex
from urllib.request import Request, urlopen

from django.db import transaction

from accounts.models import Role
from accounts.services.people import NewPerson, register_many
from mimic.core.tokens import digest_of, generate_token
from signals.models import Provider, Strategy
from trading.domain.ports import Credentials, InstrumentSpec, Quote
from trading.execution.signer import wrap
from trading.market.refresh import store_instruments, store_quotes
from trading.models import (
    AccountBudget,
    CopySettings,
    CopySubscription,
    ExchangeAccount,
    Instrument,
    Venue,
    VenueSetting,
)
from trading.venues.credentials import key_context, pack

VENUE = "binanceusdm"
EQUITY = Decimal(10_000)


def a_market(now: datetime, venue: str = VENUE) -> None:
    """BTCUSDT with rules that every simulated venue accepts, at its first price."""
    Venue.objects.get_or_create(code=venue, defaults={"name": venue, "adapter": "ccxt"})
    spec = InstrumentSpec(
        "BTCUSDT", "BTC/USDT:USDT", "BTC", "USDT", Decimal("0.1"), Decimal("0.001"),
        Decimal("0.001"), Decimal(120), Decimal(100), 125, trading=True,
    )  # fmt: skip
    store_instruments(venue=venue, specs=[spec], now=now)
    refresh_quote(now)


def refresh_quote(now: datetime) -> None:
    """At every venue that has the market."""
    price = Decimal(60_000)
    for venue in Instrument.objects.values_list("venue_id", flat=True):
        store_quotes(venue=venue, quotes=[Quote("BTCUSDT", price, price, price, now)])


@transaction.atomic
def a_crowd(*, followers: int, on_wire: bool, venue: str, now: datetime) -> Strategy:
    """A strategy with that many followers, one account each, one percent of equity a signal."""
    mark = token_hex(4)
    (author,) = register_many(people=[NewPerson(f"author-{mark}@bench.mimic", role=Role.PROVIDER)])
    provider = Provider.objects.create(user=author, name=f"Bench {mark}", status="active")
    strategy = Strategy.objects.create(
        provider=provider, name="Bench", slug=f"bench-{mark}",
        token_digest=digest_of(generate_token()),
    )  # fmt: skip
    join(strategy, followers=followers, on_wire=on_wire, address=venue, now=now)
    return strategy


@transaction.atomic
def join(
    strategy: Strategy, *, followers: int, on_wire: bool, address: str, now: datetime,
    venue: str = VENUE,
) -> None:  # fmt: skip
    """More followers, with accounts at the venue that answers at ``address``."""
    mark = token_hex(4)
    people = register_many(
        people=[NewPerson(f"{number}-{mark}@bench.mimic") for number in range(followers)]
    )
    accounts, keys = [], []
    for person in people:
        account = ExchangeAccount(
            user=person, venue_id=venue, kind="live" if on_wire else "paper",
            route=venue if on_wire else "paper", label="bench", state="active",
        )  # fmt: skip
        if on_wire:
            found = Credentials(token_hex(32), token_hex(32), token_hex(8))
            account.sealed_keys = wrap(pack(found), context=key_context(account.public_id))
            keys.append(
                {
                    "api_key": found.api_key,
                    "secret": found.secret,
                    "passphrase": found.passphrase,
                    "balance": "100000",
                }
            )
        accounts.append(account)
    ExchangeAccount.objects.bulk_create(accounts, batch_size=2_000)
    AccountBudget.objects.bulk_create(
        AccountBudget(account=account, equity=EQUITY, margin_cap=EQUITY, snapshot_at=now)
        for account in accounts
    )
    chosen = CopySettings.objects.create(sizing_mode="equity_pct", sizing_value=Decimal(1))
    CopySubscription.objects.bulk_create(
        CopySubscription(
            user=person,
            strategy=strategy,
            account=account,
            settings=chosen,
            settings_at_venue=chosen.pk,
        )  # fmt: skip
        for person, account in zip(people, accounts, strict=True)
    )
    if on_wire:
        _leverage_is_told(accounts, now)
    open_accounts(address, keys)


def _leverage_is_told(accounts: Sequence[ExchangeAccount], now: datetime) -> None:
    """As it is for people who have copied for a while: nothing is set while orders go out."""
    VenueSetting.objects.bulk_create(
        VenueSetting(
            account=account, symbol="BTCUSDT", wanted=20, planned_for=20, state="set", leverage=20,
            margin_mode="cross", read_at=now, asked_at=now, due_at=now + timedelta(hours=1),
        )
        for account in accounts
    )  # fmt: skip


def open_accounts(venue: str, keys: Sequence[dict[str, str]]) -> None:
    for start in range(0, len(keys), 1_000):
        request = Request(  # noqa: S310 (our own venue's address)
            f"{venue}/_sim/accounts",
            data=json.dumps(keys[start : start + 1_000]).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urlopen(request, timeout=60) as answer:  # noqa: S310  # nosec B310  # an address of our own
            answer.read()
