"""The cast of the tests: provider, follower, stranger, operator; made by factories, in Postgres.

``a_strategy()`` publishes, ``a_follower(strategy, …)`` copies it on paper (or on a venue's route),
``a_quote()`` gives the market a price. Every argument has a default that makes a copy succeed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

from accounts.models import Role, User
from accounts.services.people import NewPerson, register_many
from mimic.core.sealing import seal
from mimic.core.tokens import digest_of, generate_token
from signals.models import Action, Direction, Provider, Signal, SignalStatus, Strategy
from trading.domain.ports import Credentials, InstrumentSpec, Quote
from trading.market.refresh import store_instruments, store_quotes
from trading.models import (
    AccountBudget,
    CopySettings,
    CopySubscription,
    ExchangeAccount,
    SignalFanout,
    Venue,
    VenueSetting,
)
from trading.venues.credentials import key_context, pack

VENUE = "binanceusdm"
_numbers: Iterator[int] = count(1)


@dataclass(frozen=True, slots=True)
class Published:
    """A strategy with the token of its webhook."""

    strategy: Strategy
    token: str


def a_person(role: str = Role.TRADER, password: str | None = None) -> User:
    number = next(_numbers)
    person = NewPerson(f"person{number}@example.com", f"Person {number}", role, password)
    return register_many(people=[person])[0]


def a_venue(code: str = VENUE) -> Venue:
    venue, _ = Venue.objects.get_or_create(code=code, defaults={"name": code, "adapter": "ccxt"})
    return venue


def a_market(symbol: str = "BTCUSDT", venue: str = VENUE, **rules: object) -> None:
    """The instrument with Binance's BTCUSDT rules unless told otherwise."""
    a_venue(venue)
    base = symbol.removesuffix("USDT")
    defaults: dict[str, object] = {
        "symbol": symbol,
        "venue_symbol": f"{base}/USDT:USDT",
        "base": base,
        "quote": "USDT",
        "price_tick": Decimal("0.1"),
        "quantity_step": Decimal("0.001"),
        "min_quantity": Decimal("0.001"),
        "max_quantity": Decimal(120),
        "min_notional": Decimal(100),
        "max_leverage": 125,
        "trading": True,
    }
    spec = InstrumentSpec(**(defaults | rules))  # type: ignore[arg-type]
    store_instruments(venue=venue, specs=[spec], now=datetime.now(UTC))


def a_quote(
    price: str = "60000", symbol: str = "BTCUSDT", venue: str = VENUE, at: datetime | None = None
) -> None:
    """Bid, ask and mark all at ``price``."""
    mark = Decimal(price)
    store_quotes(venue=venue, quotes=[Quote(symbol, mark, mark, mark, at or datetime.now(UTC))])


def a_strategy(**fields: object) -> Published:
    number, token = next(_numbers), generate_token()
    provider = Provider.objects.create(
        user=a_person(Role.PROVIDER), name=f"Provider {number}", status=Provider.Status.ACTIVE
    )
    strategy = Strategy.objects.create(
        provider=provider,
        name=f"Strategy {number}",
        slug=f"strategy-{number}",
        token_digest=digest_of(token),
        **fields,
    )
    return Published(strategy, token)


def an_account(
    user: User | None = None,
    *,
    equity: str = "10000",
    keys: Credentials | None = None,
    venue: str = VENUE,
    state: str = "active",
    snapshot_at: datetime | None = None,
) -> ExchangeAccount:
    """A paper account, or one on the venue's wire when it has keys; its snapshot is fresh."""
    account = ExchangeAccount(
        user=user or a_person(),
        venue=a_venue(venue),
        kind="live" if keys else "paper",
        route=venue if keys else "paper",
        label=f"Account {next(_numbers)}",
        paper_deposit=Decimal(equity),
        state=state,
    )
    if keys is not None:
        account.sealed_keys = seal(pack(keys), context=key_context(account.public_id))
    account.save()
    AccountBudget.objects.create(
        account=account,
        equity=Decimal(equity),
        margin_cap=Decimal(equity),
        snapshot_at=snapshot_at or datetime.now(UTC),
    )
    return account


def a_follower(
    strategy: Strategy,
    *,
    account: ExchangeAccount | None = None,
    mode: str = "auto",
    status: str = "active",
    **settings: object,
) -> CopySubscription:
    """Copies with 5 % of equity as margin unless ``settings`` say otherwise."""
    account = account or an_account()
    defaults: dict[str, object] = {"sizing_mode": "equity_pct", "sizing_value": Decimal(5)}
    chosen = CopySettings.objects.create(**(defaults | settings))
    if account.kind != ExchangeAccount.Kind.PAPER:
        told_leverage(account)
    return CopySubscription.objects.create(
        user=account.user,
        strategy=strategy,
        account=account,
        settings=chosen,
        mode=mode,
        status=status,
    )


def told_leverage(
    account: ExchangeAccount, symbol: str = "BTCUSDT", leverage: int | None = 125,
    margin_mode: str = "cross", **fields: object,
) -> None:  # fmt: skip
    """The venue told it a moment ago; nobody has to look for a while."""
    now = datetime.now(UTC)
    told: dict[str, object] = {
        "wanted": leverage or 1,
        "planned_for": leverage or 1,
        "state": "set",
        "leverage": leverage,
        "margin_mode": margin_mode,
        "read_at": now,
        "asked_at": now,
        "due_at": now + timedelta(hours=1),
    }
    VenueSetting.objects.update_or_create(account=account, symbol=symbol, defaults=told | fields)


def a_signal(
    strategy: Strategy,
    *,
    symbol: str = "BTCUSDT",
    action: str = Action.OPEN,
    direction: str = Direction.LONG,
    at: datetime | None = None,
    **fields: object,
) -> Signal:
    """A published signal with its fan-out row still to be worked on; nothing is enqueued."""
    now = at or datetime.now(UTC)
    defaults: dict[str, object] = {
        "risk_pct": Decimal(2),
        "leverage": 5,
        "stop_loss_pct": Decimal(2),
    }
    signal = Signal.objects.create(
        strategy=strategy,
        symbol=symbol,
        action=action,
        direction=direction,
        status=SignalStatus.PUBLISHED,
        received_at=now,
        published_at=now,
        **(defaults | fields),
    )
    SignalFanout.objects.create(signal=signal, closing=action == Action.CLOSE, created_at=now)
    return signal
