"""The cast of the API's stories: a follower with a history, a stranger, an operator."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.test import Client

from accounts.models import BrowserSession, ConsentKind, Role, User
from accounts.selectors import totp_device
from accounts.services import enrol_totp
from accounts.services.api_keys import Made, Terms, create_key
from accounts.services.consents import publish_consent_text
from accounts.tokens.access import Bearer, read_access
from accounts.tokens.families import Program, begin_family
from mimic.api.scopes import Scope
from signals.models import Action, Provider, Strategy
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now, request_of
from tests.web.accounts_cast import FINE, Trader, connected, stock_venues
from trading.copying.fanout import fan_out
from trading.copying.masters.connecting import connect_master
from trading.domain.keys import KeyReport
from trading.domain.ports import Credentials
from trading.execution.claims import equip, take_orders
from trading.execution.settle import Answer, settle_answers
from trading.guards.kill import set_kill_switch
from trading.models import (
    CopyExecution,
    CopySubscription,
    EquityPoint,
    ExchangeAccount,
    KillScope,
    KillSwitch,
    MasterAccount,
    Order,
    Position,
    Trade,
)
from trading.paper.gateway import PaperGateway
from trading.paper.quotes import all_quotes
from trading.paper.room import Reducing, rooms_of

SILENT = KeyReport(can_trade=True, can_withdraw=None, ip_restricted=None)
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class World:
    """Ids by the names that paths give them; everything belongs to ``owner``."""

    owner: Trader
    ids: dict[str, str]


def a_world() -> World:
    """The owner copied two signals on paper, closed one, and has a live and a waiting account."""
    stock_venues()
    publish_consent_text(
        kind=ConsentKind.MARKETING, bodies={"en": "We write now and then."}, now=now()
    )
    a_market()
    a_quote()
    owner = Trader()
    published = a_strategy()
    copy = a_follower(published.strategy, account=an_account(owner.user))
    first = _copied(copy)
    _copied(copy, action=Action.CLOSE)
    _copied(copy)
    live = connected(owner.user, "Main", FINE)
    waiting = connected(owner.user, "Waiting", SILENT)
    EquityPoint.objects.create(account=copy.account, equity=Decimal("10000.5"), at=now())
    order = Order.objects.get(execution_id=first.pk)
    ids: dict[str, Any] = {
        "receipt_id": first,
        "signal_id": first.signal,
        "strategy_id": published.strategy,
        "subscription_id": copy,
        "order_id": order,
        "trade_id": Trade.objects.get(),
        "exchange_id": live,
        "waiting_id": waiting,
        "account_id": copy.account,
        "position_id": Position.objects.get(),
        "switch_id": a_switch(waiting),
        "key_id": a_key(owner.user, Scope.MARKET_READ).key,
        "sign_in_id": a_program(owner.user).family,
        "master_id": a_spoken_for(owner.user),
        "session_id": BrowserSession.objects.get(user=owner.user),
    }
    return World(owner, {name: str(row.public_id) for name, row in ids.items()})


def a_spoken_for(user: User) -> MasterAccount:
    """A master of the person's, who publishes a strategy as well."""
    strategy = strategy_of(user)
    account = an_account(user, keys=Credentials("master", "secret"))
    return connect_master(strategy=strategy, account=account, by=user, now=now())


def strategy_of(user: User) -> Strategy:
    """A strategy that the person publishes."""
    strategy = a_strategy().strategy
    if not Provider.objects.filter(user=user).exists():
        Provider.objects.filter(pk=strategy.provider_id).update(user=user)
    Strategy.objects.filter(pk=strategy.pk).update(provider=user.provider)
    return Strategy.objects.get(pk=strategy.pk)


def a_key(user: User, *scopes: str, **terms: Any) -> Made:
    """An API key, from anywhere and without end unless told otherwise."""
    given = Terms(**{"name": "bot", "networks": [], "expires_at": None, **terms, "scopes": scopes})
    return create_key(user=user, terms=given, now=now())


def a_program(user: User) -> Bearer:
    """Signed in as that person, who has shown a code."""
    return read_access(a_token(user), now=now())


def a_token(user: User) -> str:
    program = Program("bot", "203.0.113.9")
    return begin_family(user=user, program=program, second_factor=True, now=now()).access


def a_switch(account: ExchangeAccount) -> KillSwitch:
    """In force, where it stops nobody's copy."""
    return set_kill_switch(
        scope=KillScope.ACCOUNT, target=str(account.pk), reason="Odd trades.", by=a_person(),
        now=now(),
    )  # fmt: skip


def a_waiting_signal(user: User) -> str:
    """Its public id; one of the person's copies waits for their word. The world may be old."""
    a_quote()
    copy = a_follower(a_strategy().strategy, account=an_account(user), mode="approval")
    signal = a_signal(copy.strategy, valid_until=now() + timedelta(seconds=60))
    fan_out(signal_id=signal.pk, now=now())
    return str(signal.public_id)


def _copied(copy: CopySubscription, **terms: Any) -> CopyExecution:
    """One signal, decided and sent on paper; its receipt."""
    signal = a_signal(copy.strategy, **terms)
    fan_out(signal_id=signal.pk, now=now())
    _fill_on_paper(closing=terms.get("action") == Action.CLOSE)
    return CopyExecution.objects.get(signal=signal)


def _fill_on_paper(*, closing: bool) -> None:
    """Within the test's transaction, which a gateway's own thread would not see."""
    quotes = all_quotes()
    jobs = equip(take_orders(route="paper", closing=closing, limit=10, now=now()), now=now())
    rooms = rooms_of([Reducing.of(job.session, request_of(job)) for job in jobs])
    gateway = PaperGateway(lambda: quotes, lambda _asked: rooms)
    answers = [
        Answer(job.order, asyncio.run(gateway.place(job.session, request_of(job))), now(), now())
        for job in jobs
    ]
    settle_answers(route="paper", answers=answers, now=now())


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def an_operator(role: str = Role.OWNER) -> Client:
    """Staff whose session has shown a code."""
    person = a_person(role)
    enrol_totp(user=person)
    return verified(person)


def verified(person: User) -> Client:
    """Signed in, with a session that has shown a code of their app."""
    browser = signed_in(person)
    device = totp_device(person)
    assert device is not None
    session = browser.session
    session["otp_device_id"] = device.persistent_id
    session.save()
    return browser


def get(client: Client, path: str, **query: str) -> Any:
    answer = client.get(f"/api/v1/{path}", query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(client: Client, path: str, body: Any = None, **headers: str) -> Any:
    """With a new Idempotency-Key unless ``headers`` bring one."""
    given = {"Idempotency-Key": str(uuid4())} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    text = "" if body is None else body  # as programs do: nothing at all, not an empty form
    return client.post(f"/api/v1/{path}", text, content_type=JSON, headers=given)
