"""Operators see what programs people let in, and end it at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import ApiKey, BrowserSession, EndedBy, OtpUsed, SigningKey, TokenFamily, User
from mimic.api.scopes import Scope
from tests.api.cast import a_key, a_token
from tests.api.programs import with_key, with_token

pytestmark = pytest.mark.django_db
Act = Callable[..., str]


@pytest.fixture
def act(console: Client, operator: tuple[User, str]) -> Act:
    """Run an action on a row as the console does, with a reason and a fresh code."""

    def run(model: str, action: str, row: Any) -> str:
        code = pyotp.TOTP(operator[1]).at(OtpUsed.objects.latest("step").step * 30 + 30)
        data = {
            "action": action, "_selected_action": [row.pk],
            "confirmed": "yes", "reason": "A leaked credential.", "code": code,
        }  # fmt: skip
        address = reverse(f"admin:accounts_{model}_changelist")
        return console.post(address, data, follow=True).text

    return run


def me(program: Client) -> int:
    return program.get("/api/v1/me").status_code


def test_a_key_is_revoked(act: Act, trader: User) -> None:
    made = a_key(trader, Scope.ACCOUNT_READ)
    assert me(with_key(made.secret)) == 200
    act("apikey", "revoke_api_key", made.key)
    assert me(with_key(made.secret)) == 401


def test_a_key_gets_another_tier(act: Act, trader: User) -> None:
    made = a_key(trader, Scope.ACCOUNT_READ)
    act("apikey", "tier_high", made.key)
    assert ApiKey.objects.get().tier == "high"
    assert with_key(made.secret).get("/api/v1/me")["RateLimit-Limit"] == "600"


def test_a_browser_is_signed_out(act: Act, trader: User) -> None:
    browser = Client()
    browser.force_login(trader)
    assert me(browser) == 200
    act("browsersession", "end_browser", BrowserSession.objects.get(user=trader))
    assert me(browser) == 401


def test_a_sign_in_is_ended(act: Act, trader: User) -> None:
    token = a_token(trader)
    act("tokenfamily", "end_sign_in", TokenFamily.objects.get())
    assert me(with_token(token)) == 401
    assert TokenFamily.objects.get().ended_by == EndedBy.OPERATOR


def test_a_signing_key_is_revoked_and_another_signs(act: Act, trader: User) -> None:
    old, first = a_token(trader), SigningKey.objects.get()
    act("signingkey", "revoke_signing_key", first)
    assert me(with_token(old)) == 401
    assert me(with_token(a_token(trader))) == 200
    assert SigningKey.objects.get(accepted_until=None) != first


@pytest.mark.parametrize("model", ["apikey", "tokenfamily", "signingkey"])
def test_no_list_or_row_shows_what_opens_anything(
    model: str, console: Client, trader: User
) -> None:
    made, _token = a_key(trader, Scope.ACCOUNT_READ), a_token(trader)
    rows: Any = {"apikey": ApiKey, "tokenfamily": TokenFamily, "signingkey": SigningKey}[model]
    row = rows.objects.get()
    listed = console.get(reverse(f"admin:accounts_{model}_changelist"))
    shown = console.get(reverse(f"admin:accounts_{model}_change", args=[row.pk]))
    for page in (listed, shown):
        assert page.status_code == 200
        assert made.secret not in page.text
        assert SigningKey.objects.get().private_key not in page.text
        assert TokenFamily.objects.get().password_mark not in page.text
