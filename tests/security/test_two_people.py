"""Two people and every page there is: what is one's is for the other as if it were not there."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from accounts.models import Role
from tests.api.cast import World, a_world
from tests.cells import Cell, cell
from tests.security.routes import all_routes
from tests.web.accounts_cast import Trader, again

__all__ = ["cell"]
pytestmark = [pytest.mark.django_db, pytest.mark.security(1)]

OWN = {
    "/receipts/<uuid:public_id>": "receipt_id",
    "/exchange-accounts/<uuid:public_id>": "exchange_id",
    "/exchange-accounts/<uuid:public_id>/state": "exchange_id",
    "/exchange-accounts/<uuid:public_id>/test": "exchange_id",
    "/exchange-accounts/<uuid:public_id>/name": "exchange_id",
    "/exchange-accounts/<uuid:public_id>/keys": "exchange_id",
    "/exchange-accounts/<uuid:public_id>/remove": "exchange_id",
    "/copies/<uuid:public_id>/pause": "subscription_id",
    "/copies/<uuid:public_id>/resume": "subscription_id",
    "/copies/<uuid:public_id>/mode": "subscription_id",
    "/copies/<uuid:public_id>/positions": "subscription_id",
    "/copies/<uuid:public_id>/repairs.csv": "subscription_id",
    "/copies/<uuid:public_id>/stop": "subscription_id",
    "/copies/<uuid:public_id>/join": "subscription_id",
    "/copies/<uuid:public_id>/leave": "subscription_id",
    "/copies/<uuid:public_id>/settings": "subscription_id",
    "/copies/<uuid:public_id>/settings/preview": "subscription_id",
    "/copies/<uuid:public_id>/settings.csv": "subscription_id",
    "/masters/<uuid:public_id>": "master_id",
    "/masters/<uuid:public_id>/moves.csv": "master_id",
    "/masters/<uuid:public_id>/rules": "master_id",
    "/masters/<uuid:public_id>/change": "master_id",
    "/orders/<uuid:public_id>": "order_id",
    "/trades/<uuid:public_id>": "trade_id",
    "/accounts/2fa/remove/<int:authenticator_id>/": "factor_id",
    "/accounts/sessions/<uuid:session_id>/end": "session_id",
    "/accounts/sessions/programs/<uuid:sign_in_id>/end": "sign_in_id",
}
"""Pages about one thing of one person, and which thing of the world that is."""
NOBODYS = {
    "/leaders/<uuid:public_id>/copy",  # strategies on offer
    "/exchange-accounts/connect/<slug:code>",  # venues
    "/webhook/<str:token>",
    "/accounts/^confirm-email/(?P<key>[-:\\w]+)/$",
    "/accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
}
"""What stands in the address is no person's thing, or is itself what lets one in."""
ARGUMENT = re.compile(r"<[^>]+>")


@pytest.fixture
def world(db: None) -> World:
    found = a_world()
    app = Authenticator.objects.get(user=found.owner.user, type=Authenticator.Type.TOTP)
    return World(found.owner, {**found.ids, "factor_id": str(app.pk)})


def _pages() -> list[str]:
    """Addresses for people, as they are written."""
    patterns = (route.pattern for route in all_routes())
    return sorted({each for each in patterns if not each.startswith(("/api/", "/admin/"))})


def test_every_page_with_something_in_its_address_says_whose_that_is() -> None:
    assert {each for each in _pages() if "<" in each} == OWN.keys() | NOBODYS


def test_what_is_one_persons_is_not_there_for_another_of_any_role(world: World, cell: Cell) -> None:
    others = {role: Trader(role) for role in Role}
    for pattern, name in OWN.items():
        path = ARGUMENT.sub(world.ids[name], pattern)
        for method in ("get", "post"):
            # Before the owner: what they ask for there may end their session.
            seen = {role: _asked(somebody, method, path) for role, somebody in others.items()}
            with cell(f"{method} {pattern}"):
                owner = _asked(world.owner, method, path)
                assert owner != 404
                wanted = {404} if owner != 405 else {405}
                if pattern.startswith("/accounts/2fa/"):
                    wanted = {302}  # asked for a proof of themselves first, whatever is named
                assert [role for role, status in seen.items() if status not in wanted] == []


def _asked(person: Trader, method: str, path: str) -> int:
    status: int = getattr(again(person.browser), method)(path, {"code": "000000"}).status_code
    return status


@pytest.mark.parametrize("role", list(Role))
def test_lists_and_downloads_hold_nothing_of_another_person(
    world: World, cell: Cell, role: Role
) -> None:
    """But the strategy, which is on offer to both."""
    shared = ("strategy_id", "factor_id")  # a factor's id is a small number
    private = {name: it for name, it in world.ids.items() if name not in shared}
    private["address"] = world.owner.user.email
    somebody = Trader(role)
    shown = set()
    for path in (each for each in _pages() if "<" not in each and "logout" not in each):
        with cell(path):
            theirs = _seen(somebody, path)
            assert [name for name, it in private.items() if it in theirs] == []
            if role is Role.TRADER:
                mine = _seen(world.owner, path)
                shown |= {name for name, it in private.items() if it in mine}
    if role is Role.TRADER:
        assert {"receipt_id", "exchange_id", "order_id", "trade_id", "subscription_id"} <= shown


def _seen(person: Trader, path: str) -> str:
    """The page or the download."""
    answer: Any = again(person.browser).get(path)
    return b"".join(answer).decode()


def test_nobody_who_is_not_signed_in_sees_any_of_it(world: World, cell: Cell) -> None:
    for pattern, name in OWN.items():
        with cell(pattern):
            answer = Client().get(ARGUMENT.sub(world.ids[name], pattern))
            assert answer.status_code in (302, 405)
            assert "/accounts/login/" in answer.get("Location", "/accounts/login/")
