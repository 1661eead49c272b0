"""Programs that call the API: without a cookie, with what they show in a header."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

from accounts.models import User
from tests.accounts.puzzles import solution
from tests.api.cast import JSON
from tests.web.accounts_cast import Trader

PASSWORD = "correct horse battery"


def with_password(user: User) -> User:
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def call(path: str, body: Any, address: str = "127.0.0.1") -> Any:
    """A POST without cookies."""
    client = Client(REMOTE_ADDR=address)
    return client.post(f"/api/v1/{path}", body, content_type=JSON)


def log_in(email: str, address: str = "127.0.0.1", **more: str) -> Any:
    """As a program does it that solves the puzzle it is given."""
    return solving(lambda work: call(
        "auth/login", {"email": email, "password": PASSWORD, "work": work, **more}, address
    ))  # fmt: skip


def solving(ask: Callable[[str], Any]) -> Any:
    """The answer to ``ask`` without a proof of work, or with one where that is wanted."""
    answer = ask("")
    if answer.status_code == 429 and answer.json()["code"] == "auth.proof_needed":
        answer = ask(solution(answer.json()["puzzle"]))
    return answer


def with_token(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


def program_of(trader: Trader) -> Client:
    """Signed in by password and code, with an access token."""
    with_password(trader.user)
    answer = log_in(trader.user.email, code=trader.code())
    assert answer.status_code == 200, answer.text
    return with_token(answer.json()["access_token"])


def with_key(secret: str, address: str = "127.0.0.1") -> Client:
    return Client(headers={"X-Api-Key": secret}, REMOTE_ADDR=address)
