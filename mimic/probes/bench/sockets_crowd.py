"""Followers who are signed in and hold a position: rows for the sockets' measurement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.crypto import get_random_string

from accounts.models import User
from mimic.core.bulk import new_time_ids
from mimic.core.ids import uuid7s
from mimic.probes.bench.crowd import a_crowd
from signals.models import Strategy
from trading.models import CopySubscription, Order, Position
from trading.models.orders import Origin

_PRICE = Decimal(60_000)


@dataclass(frozen=True, slots=True)
class Holder:
    """A signed-in follower: their id, cookie, position (public id) and the order behind it."""

    user_id: int
    cookie: str
    position: str
    position_id: int
    order_id: int


@transaction.atomic
def some_holders(number: int, now: datetime) -> tuple[Strategy, list[Holder]]:
    """A strategy with that many followers on paper, each signed in and long BTCUSDT."""
    strategy = a_crowd(followers=number, on_wire=False, venue="", now=now)
    copies = list(
        CopySubscription.objects.filter(strategy=strategy).select_related("user").order_by("pk")
    )
    cookies = sign_in([copy.user for copy in copies])
    positions = Position.objects.bulk_create(
        Position(
            account_id=copy.account_id, symbol="BTCUSDT", quantity=1, entry_price=_PRICE,
            leverage=5, opened_at=now, updated_at=now,
        )
        for copy in copies
    )  # fmt: skip
    orders = _orders([copy.account_id for copy in copies], strategy.pk, now)
    return strategy, [
        Holder(copy.user_id, cookie, str(position.public_id), position.pk, order)
        for copy, cookie, position, order in zip(copies, cookies, positions, orders, strict=True)
    ]


def _orders(accounts: Sequence[int], origin: int, now: datetime) -> list[int]:
    """Filled ones: what changes a position tells its people by the order."""
    ids = new_time_ids(len(accounts))
    Order.objects.bulk_create(
        Order(
            id=each, public_id=public_id, account_id=account, origin_kind=Origin.MANUAL,
            origin_id=origin, route="paper", symbol="BTCUSDT", side="buy", quantity=1, filled=1,
            status="filled", created_at=now, closed_at=now,
        )
        for each, public_id, account in zip(ids, uuid7s(len(ids)), accounts, strict=True)
    )  # fmt: skip
    return ids


def sign_in(people: Sequence[User]) -> list[str]:
    """A session each, as a sign-in leaves it; the Cookie header that names it."""
    store, backend = SessionStore(), settings.AUTHENTICATION_BACKENDS[0]
    expires = datetime.now(UTC) + timedelta(days=1)
    keys = [get_random_string(32, VALID_KEY_CHARS) for _ in people]
    Session.objects.bulk_create(
        Session(
            session_key=key,
            session_data=store.encode(
                {
                    SESSION_KEY: str(person.pk),
                    BACKEND_SESSION_KEY: backend,
                    HASH_SESSION_KEY: person.get_session_auth_hash(),
                }
            ),
            expire_date=expires,
        )
        for key, person in zip(keys, people, strict=True)
    )
    return [f"{settings.SESSION_COOKIE_NAME}={key}" for key in keys]
