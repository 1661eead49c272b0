"""Exchange accounts over the API: the pages' own commands, a fresh code, and sealed keys."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from tests.api.cast import JSON, SILENT, an_operator, get, post
from tests.cast import VENUE, a_person, an_account
from tests.web.accounts_cast import FINE, Trader, checked, connected, kept_keys, stock_venues
from trading.domain.keys import KeyReport
from trading.domain.ports import Credentials
from trading.execution.connection_states import REMOVED
from trading.execution.key_limits import CHECKS
from trading.models import AccountEvent, AccountState, ExchangeAccount, Position

pytestmark = pytest.mark.django_db
KEYS = {"api_key": "canary-key", "secret": " canary secret\n"}


@pytest.fixture(autouse=True)
def venues() -> None:
    stock_venues("okx")


@pytest.fixture
def trader() -> Trader:
    return Trader()


def connect(trader: Trader, **changes: Any) -> Any:
    body = {"venue": VENUE, "label": "Main", **KEYS} | changes
    return post(trader.browser, "exchanges", body, X_Second_Factor=trader.code())


def remove(trader: Trader, account: ExchangeAccount, code: str) -> Any:
    path = f"/api/v1/exchanges/{account.public_id}"
    return trader.browser.delete(path, headers={"X-Second-Factor": code})


def test_an_account_is_connected_checked_and_tells_how_it_stands(trader: Trader) -> None:
    answer = connect(trader)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["state"], told["kind"], told["check"]["open"]) == ("checking", "live", True)
    checked(trader.account, FINE)
    told = get(trader.browser, f"exchanges/{told['id']}")
    assert (told["state"], told["has_keys"]) == ("active", True)
    assert told["check"]["outcome"] == "passed"
    assert (told["check"]["can_withdraw"], told["check"]["clock_ahead_ms"]) == (False, 12)


def test_the_keys_arrive_as_sent_sealed_and_are_told_to_nobody(trader: Trader) -> None:
    answer = connect(trader)
    checked(trader.account, FINE)
    assert kept_keys(trader.account) == Credentials(**KEYS)
    texts = [answer.text, trader.browser.get("/api/v1/exchanges").text]
    assert not [text for text in texts if "canary" in text]


def test_without_a_fresh_code_nothing_is_connected_or_removed(trader: Trader) -> None:
    account = connected(trader.user)
    body = {"venue": VENUE, "label": "Second", **KEYS}
    answer = post(trader.browser, "exchanges", body, X_Second_Factor="12345678")
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_refused")
    assert remove(trader, account, "").json()["code"] == "second_factor_refused"
    assert ExchangeAccount.objects.get() == account
    assert account.state == AccountState.ACTIVE


def test_people_without_an_app_are_told_to_set_one_up() -> None:
    person = Client()
    person.force_login(a_person())
    answer = post(person, "exchanges", {"venue": VENUE, "label": "Main", **KEYS})
    assert answer.json()["code"] == "second_factor_missing"


def test_a_code_is_not_spent_on_a_body_that_says_nothing(trader: Trader) -> None:
    code = trader.code()
    refused = post(trader.browser, "exchanges", {"venue": VENUE}, X_Second_Factor=code)
    assert {each["pointer"] for each in refused.json()["errors"]} == {
        "/label", "/api_key", "/secret",
    }  # fmt: skip
    body = {"venue": VENUE, "label": "Main", **KEYS}
    assert post(trader.browser, "exchanges", body, X_Second_Factor=code).status_code == 201


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"venue": "kraken"}, 422, "connection.venue_not_offered"),
        ({"venue": "no-such-venue"}, 422, "connection.venue_not_offered"),
        ({"venue": "okx"}, 422, "validation_failed"),
        ({"label": "x" * 61}, 422, "validation_failed"),
        ({"secret": "x" * 4097}, 422, "validation_failed"),
        ({"label": "nul\x00"}, 422, "validation_failed"),
        ({"label": 7}, 422, "validation_failed"),
    ],
)
def test_what_cannot_be_connected_is_refused_with_its_reason(
    trader: Trader, changes: dict[str, Any], status: int, code: str
) -> None:
    answer = connect(trader, **changes)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert "canary" not in answer.text
    assert not ExchangeAccount.objects.exists()


def test_a_missing_passphrase_is_named(trader: Trader) -> None:
    answer = connect(trader, venue="okx")
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/passphrase"]


def test_the_same_name_twice_is_refused(trader: Trader) -> None:
    connected(trader.user)
    assert connect(trader).json()["code"] == "connection.label_taken"


def test_the_test_is_asked_for_and_looked_up_at_one_address(trader: Trader) -> None:
    account = connected(trader.user)
    path = f"exchanges/{account.public_id}/test"
    asked = post(trader.browser, path)
    assert (asked.status_code, asked.json()["success"]) == (202, None)
    checked(account, FINE)
    assert get(trader.browser, path)["success"] is True
    post(trader.browser, path)
    checked(account, KeyReport(refused="-2015"))
    told = get(trader.browser, path)
    assert (told["success"], told["check"]["code"]) == (False, "keys.refused")


def test_the_sixth_test_within_ten_minutes_waits(trader: Trader) -> None:
    account = connected(trader.user)
    path = f"exchanges/{account.public_id}/test"
    for _ in range(CHECKS):
        assert post(trader.browser, path).status_code == 202
    answer = post(trader.browser, path)
    assert (answer.status_code, answer.json()["code"]) == (429, "connection.too_many_checks")
    assert int(answer["Retry-After"]) > 500


def test_an_account_is_renamed_and_given_up(trader: Trader) -> None:
    account = connected(trader.user)
    path = f"/api/v1/exchanges/{account.public_id}"
    answer = trader.browser.patch(path, {"label": "Swing"}, content_type=JSON)
    assert answer.json()["label"] == "Swing"
    assert remove(trader, account, trader.code()).status_code == 204
    account.refresh_from_db()
    assert (account.state_reason, account.sealed_keys) == (REMOVED, None)
    assert trader.browser.get(path).status_code == 404


def test_an_account_with_something_open_or_on_paper_is_not_given_up(trader: Trader) -> None:
    account, paper = connected(trader.user), an_account(trader.user)
    Position.objects.create(
        account=account, symbol="BTCUSDT", position_side="BOTH", quantity=1, entry_price=1,
        updated_at=account.created_at,
    )  # fmt: skip
    assert remove(trader, account, trader.code()).json()["code"] == "connection.in_use"
    assert remove(trader, paper, trader.code()).json()["code"] == "connection.wrong_state"


def test_venues_tell_which_keys_they_want(trader: Trader) -> None:
    venues = {each["code"]: each for each in get(trader.browser, "venues")}
    assert venues["okx"]["keys"] == ["api_key", "secret", "passphrase"]
    assert venues[VENUE]["keys"] == ["api_key", "secret"]


def test_operators_approve_and_reject_and_the_owner_reads_why(trader: Trader) -> None:
    first = connected(trader.user, "First", SILENT)
    second = connected(trader.user, "Second", SILENT)
    operator = an_operator()
    waiting = get(operator, "admin/exchanges/pending")["results"]
    assert {row["label"] for row in waiting} == {"First", "Second"}
    approved = post(operator, f"admin/exchanges/{first.public_id}/approve")
    assert approved.json() == {"id": str(first.public_id), "state": "active"}
    why = {"reason": "Withdrawals look open."}
    rejected = post(operator, f"admin/exchanges/{second.public_id}/reject", why)
    assert rejected.json()["state"] == "rejected"
    told = get(trader.browser, f"exchanges/{second.public_id}")
    assert told["reason"] == "Withdrawals look open."
    again = post(operator, f"admin/exchanges/{first.public_id}/approve")
    assert (again.status_code, again.json()["code"]) == (409, "connection.wrong_state")
    event = AccountEvent.objects.filter(account=first).latest("pk")
    assert (event.cause, event.by is not None) == ("approve", True)
    assert post(operator, f"admin/exchanges/{uuid4()}/approve").status_code == 404


def test_a_form_of_another_site_changes_nothing(trader: Trader) -> None:
    account = connected(trader.user)
    hostile = Client(enforce_csrf_checks=True)
    hostile.force_login(trader.user)
    answer = post(hostile, f"exchanges/{account.public_id}/test")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")
