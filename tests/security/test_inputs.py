"""What people send is never more than what was asked for, and is shown as what it is: text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests.core.conftest import Lines, log_lines
from tests.security.routes import all_routes
from tests.web.accounts_cast import Trader, connected, stock_venues
from trading.models import ExchangeAccount

__all__ = ["log_lines"]
pytestmark = pytest.mark.django_db(transaction=True)
JSON = "application/json"
PAYLOAD = "<script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}"


def _everything(row: Any, **odd: object) -> str:
    """A body that names every column, each with a value that it does not have."""
    body = {field.attname: "1" for field in row._meta.concrete_fields}
    return json.dumps(body | odd)


def _columns(row: Any) -> dict[str, Any]:
    """As the database has them now."""
    found: dict[str, Any] = type(row)._default_manager.filter(pk=row.pk).values().get()
    return found


@pytest.mark.security(3)
def test_columns_that_were_not_offered_are_not_written() -> None:
    stock_venues()
    trader = Trader()
    account = connected(trader.user)
    before = [_columns(row) for row in (trader.user, account)]
    odd = {
        "role": "owner", "is_staff": True, "is_superuser": True, "is_active": False,
        "state": "active", "kind": "paper", "route": "paper", "paper_deposit": "1000000000",
        "user": 1, "user_id": 1, "sealed_keys": "x", "public_id": "x",
    }  # fmt: skip
    paths = ("/api/v1/prefs", f"/api/v1/exchanges/{account.public_id}")
    for row, path in zip((trader.user, account), paths, strict=True):
        body = _everything(row, **odd, display_name="Named", label="Named")
        trader.browser.patch(path, body, content_type=JSON)
    after = [_columns(row) for row in (trader.user, account)]
    changed = [
        {name for name in was if was[name] != became[name]}
        for was, became in zip(before, after, strict=True)
    ]
    assert changed[0] <= {"display_name"}
    assert changed[1] <= {"label"}


@pytest.mark.security(29)
def test_names_are_shown_as_text() -> None:
    stock_venues()
    trader = Trader()
    User.objects.filter(pk=trader.user.pk).update(display_name=PAYLOAD[:80])
    account = connected(trader.user)
    ExchangeAccount.objects.filter(pk=account.pk).update(label=PAYLOAD[:60], state_reason=PAYLOAD)
    for name in ("home", "exchange-accounts", "settings", "receipts", "positions", "orders"):
        page = trader.browser.get(reverse(name)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


@pytest.mark.security(27)
def test_a_line_break_in_a_name_begins_no_line_of_the_log(
    log_lines: Lines,
) -> None:
    forged = 'x@example.com\r\n{"message": "forged", "level": "info"}'
    Client().post(reverse("account_login"), {"login": forged, "password": "x"})
    Client().get("/nowhere%0D%0A%7B%22message%22:%22forged%22%7D")
    lines = log_lines()
    assert lines
    assert [line for line in lines if line["message"] == "forged"] == []


# What a stranger may see: sign-in, the door for alerts, health, documents.
OPEN = (
    "/accounts/", "/webhook", "/health", "/version", "/openapi.json", "/docs", "/redoc",
    "/problems/", "/api/schema", "/api/docs", "/admin/jsi18n/", "/admin/login/",
    "/admin/logout/",
)  # fmt: skip


@pytest.mark.security(25)
@pytest.mark.security(2)
def test_strangers_get_nowhere_but_where_they_may() -> None:
    stranger, seen = Client(raise_request_exception=False), {}
    for route in all_routes():
        stranger.cookies.clear()
        answer = stranger.get(route.path, REMOTE_ADDR="203.0.113.7")
        seen[route.pattern] = answer.status_code
    reached = {pattern for pattern, status in seen.items() if status == 200}
    assert sorted(pattern for pattern in reached if not pattern.startswith(OPEN)) == []


@pytest.mark.security(25)
@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.9"])
def test_metrics_are_not_for_everybody(address: str) -> None:
    assert Client().get("/metrics", REMOTE_ADDR=address).status_code == 403
