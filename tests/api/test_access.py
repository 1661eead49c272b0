"""Every operation of the document for everybody: who gets in, who is refused, who sees nothing."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Role
from tests.api.cast import (
    JSON,
    World,
    a_waiting_signal,
    an_operator,
    signed_in,
    strategy_of,
)
from tests.api.test_schema import ROUTES
from tests.cast import VENUE, a_person, a_strategy, an_account
from tests.cells import Cell
from tests.web.accounts_cast import KEYS, Trader, again
from trading.domain.ports import Credentials

pytestmark = pytest.mark.django_db

KEYS_OF_A_MASTER = Credentials("another", "secret")
OPEN = "/api/v1/auth/"  # what nobody is signed in for: test_auth.py
OPERATIONS = [
    tuple(line.split(" ")) for line in ROUTES.read_text().splitlines() if OPEN not in line
]
ADMIN = [each for each in OPERATIONS if "/admin/" in each[1]]
BODIES: dict[str, Any] = {
    "POST /api/v1/approve": lambda world: {
        "signal_id": a_waiting_signal(world.owner.user), "decision": "approved",
    },
    "POST /api/v1/subscriptions": lambda world: {
        "strategy": str(a_strategy().strategy.public_id), "account": world.ids["account_id"],
        "settings": {"sizing_value": "1"}, "over_allocate": True,
    },
    "POST /api/v1/masters": lambda world: {
        "strategy": str(strategy_of(world.owner.user).public_id),
        "account": str(an_account(world.owner.user, keys=KEYS_OF_A_MASTER).public_id),
    },
    "POST /api/v1/masters/{master_id}/change": {"change": "pause"},
    "PATCH /api/v1/masters/{master_id}": {"ignored_symbols": ["DOGEUSDT"]},
    "POST /api/v1/exchanges": {"venue": VENUE, "label": "Another", **KEYS},
    "PATCH /api/v1/exchanges/{exchange_id}": {"label": "Renamed"},
    "POST /api/v1/consents": {"kind": "marketing", "version": 1},
    "POST /api/v1/consents/withdraw": {"kind": "marketing"},
    "POST /api/v1/api-keys": {"name": "bot", "scopes": ["trading:read"]},
    "POST /api/v1/api-keys/{key_id}/rotate": {},
    "PATCH /api/v1/prefs": {"theme": "professional"},
    "POST /api/v1/admin/exchanges/{exchange_id}/reject": {"reason": "Not now, sorry."},
    "POST /api/v1/subscriptions/{subscription_id}/resume": {},
    "POST /api/v1/subscriptions/{subscription_id}/mode": {"mode": "approval"},
    "POST /api/v1/subscriptions/{subscription_id}/join": lambda world: {
        "signals": [str(world.owner.user.public_id)],  # no signal of that id
    },
    "POST /api/v1/subscriptions/{subscription_id}/leave": {"symbol": "XRPUSDT"},
    "POST /api/v1/subscriptions/{subscription_id}/stop": {"way": "close_later"},
    "POST /api/v1/subscriptions/{subscription_id}/settings": {"sizing_value": "4"},
    "POST /api/v1/subscriptions/{subscription_id}/settings/preview": {"sizing_value": "4"},
    "POST /api/v1/admin/kill-switches": {
        "scope": "platform", "effect": "block_opens", "reason": "The walk of the routes.",
    },
    "POST /api/v1/admin/kill-switches/{switch_id}/effect": {
        "effect": "close_only", "reason": "The walk of the routes.",
    },
    "POST /api/v1/admin/kill-switches/{switch_id}/lift": {"reason": "The walk of the routes."},
}  # fmt: skip
CODED = {"POST /api/v1/exchanges", "POST /api/v1/api-keys"} | {
    each for each in BODIES if "/kill-switches" in each
}
"""Operations whose code an operator of the test does not have."""
SHARED = {"/api/v1/strategies/{strategy_id}"}  # on offer to everybody
OWN = {
    "POST /api/v1/approve",
    "POST /api/v1/subscriptions",
    "POST /api/v1/masters",
}  # named in the body
CREATED = {
    "POST /api/v1/approve": 201,
    "POST /api/v1/subscriptions": 201,
    "POST /api/v1/subscriptions/{subscription_id}/leave": 409,  # it holds nothing there
    "POST /api/v1/masters": 201,
    "POST /api/v1/exchanges": 201,
    "POST /api/v1/exchanges/{exchange_id}/test": 202,
    "POST /api/v1/api-keys": 201,
    "POST /api/v1/api-keys/{key_id}/rotate": 201,
}


def ask(client: Client, world: World, method: str, path: str, code: str = "000000") -> Any:
    """The operation on the owner's things; operators decide about the account that waits."""
    ids = dict(world.ids)
    if "/admin/" in path:
        ids["exchange_id"] = ids["waiting_id"]
    headers = {"Idempotency-Key": str(uuid4()), "X-Second-Factor": code}
    body = BODIES.get(f"{method} {path}")
    body = body(world) if callable(body) else body
    given = {} if body is None else {"data": body, "content_type": JSON}
    call = getattr(client, method.lower())
    return call(path.format(**ids), headers=headers, **given)


def hidden(method: str, path: str) -> bool:
    """Whether it is about one thing, and not there for whom that thing is not theirs."""
    return f"{method} {path}" in OWN or ("{" in path and path not in SHARED)


def fine(method: str, path: str) -> int:
    return 204 if method == "DELETE" else CREATED.get(f"{method} {path}", 200)


def of_a_stranger(method: str, path: str) -> int:
    """What somebody else is answered about the owner's things."""
    if "/admin/" in path:
        return 403
    return 404 if hidden(method, path) else fine(method, path)


def of_an_operator(method: str, path: str) -> int:
    """What staff whose code is wrong are answered."""
    if f"{method} {path}" in CODED:
        return 403
    return 200 if "/admin/" in path else of_a_stranger(method, path)


def test_nobody_gets_in_without_signing_in(world: World, cell: Cell) -> None:
    for method, path in OPERATIONS:
        with cell(f"{method} {path}"):
            answer = ask(Client(), world, method, path)
            assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
            assert answer["Content-Type"] == "application/problem+json"
            assert answer["WWW-Authenticate"].startswith("Bearer")


def test_owners_do_everything_with_their_own_things_but_the_operators_part(
    world: World, cell: Cell
) -> None:
    for method, path in OPERATIONS:
        with cell(f"{method} {path}"):
            owner = world.owner.again()
            answer = ask(owner.browser, world, method, path, owner.code())
            expected = 403 if "/admin/" in path else fine(method, path)
            assert answer.status_code == expected, answer.text
            if expected == 200:
                assert answer["Cache-Control"] == "no-store"


def test_strangers_see_nothing_of_anybody_else(world: World, cell: Cell) -> None:
    somebody = Trader()
    for method, path in OPERATIONS:
        with cell(f"{method} {path}"):
            stranger = somebody.again()
            answer = ask(stranger.browser, world, method, path, stranger.code())
            assert answer.status_code == of_a_stranger(method, path), answer.text
            if answer.status_code == 200 and path not in SHARED:
                assert [name for name, it in world.ids.items() if it in answer.text] in (
                    [],
                    ["strategy_id"],
                )


def test_operators_get_the_operators_part_and_nobodys_own_things(world: World, cell: Cell) -> None:
    operator = an_operator()
    for method, path in OPERATIONS:
        with cell(f"{method} {path}"):
            answer = ask(again(operator), world, method, path)
            assert answer.status_code == of_an_operator(method, path), answer.text


def test_staff_whose_session_has_shown_no_code_are_refused(world: World, cell: Cell) -> None:
    admin = signed_in(a_person(Role.ADMIN))
    for method, path in ADMIN:
        with cell(f"{method} {path}"):
            answer = ask(again(admin), world, method, path)
            assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_needed")


def test_support_looks_and_decides_nothing(world: World, cell: Cell) -> None:
    support = an_operator(Role.SUPPORT)
    for method, path in ADMIN:
        with cell(f"{method} {path}"):
            answer = ask(again(support), world, method, path)
            assert answer.status_code == (200 if method == "GET" else 403)
