"""The real application on a port of its own, and a trader who has something of everything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from mimic.asgi import application
from tests.api.cast import World, a_world
from tests.cast import a_quote
from tests.web.accounts_cast import now
from tests.web.serving import web_process
from trading.models import EquityPoint, ExchangeAccount


@pytest.fixture
def site() -> Iterator[str]:
    """The real application, sockets and all, in a thread beside this one."""
    with web_process(application) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def world() -> World:
    """Of the API's stories, with a curve; the owner has just shown a code."""
    world = a_world()
    a_quote("60700")
    world.owner.user.set_password("five words that nobody guesses")
    world.owner.user.save()
    world.owner.browser.force_login(world.owner.user)
    proved = world.owner.browser.post(reverse("mfa_reauthenticate"), {"code": world.owner.code()})
    assert proved.status_code == 302
    account = ExchangeAccount.objects.get(public_id=world.ids["account_id"])
    for hours, equity in ((30, "9950"), (20, "10100"), (3, "10040.25")):
        at = now() - timedelta(hours=hours)
        EquityPoint.objects.create(account=account, equity=Decimal(equity), at=at)
    return world
