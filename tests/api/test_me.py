"""Who one is, how one wants to see things, and which copies go on."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from tests.api.cast import JSON, get, post, signed_in
from tests.cast import a_follower, a_person, a_strategy, an_account
from tests.web.accounts_cast import Trader
from trading.models import SubscriptionStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def person() -> User:
    return a_person()


@pytest.fixture
def client(person: User) -> Client:
    return signed_in(person)


def test_me_tells_who_asks_and_whether_they_have_an_app(person: User, client: Client) -> None:
    me = get(client, "me")
    assert (me["id"], me["email"], me["role"]) == (str(person.public_id), person.email, "trader")
    assert me["second_factor"] is False
    assert get(Trader().browser, "me")["second_factor"] is True


def test_preferences_change_by_what_is_named_alone(person: User, client: Client) -> None:
    wanted = {"theme": "gold-minimal", "language": "uk", "time_zone": "Europe/Kyiv"}
    told = client.patch("/api/v1/prefs", wanted, content_type=JSON).json()
    untouched = {"display_name": person.display_name, "base_currency": "USDT"}
    assert told == {**wanted, **untouched, "colour_blind": False, "red_is_up": False}
    assert get(client, "prefs") == told
    person.refresh_from_db()
    assert (person.theme, person.locale, person.time_zone) == tuple(wanted.values())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", "pink"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("language", "xx"),
        ("base_currency", "usdt"),
        ("time_zone", 0),
        ("colour_blind", "perhaps"),
        ("display_name", "x" * 81),
    ],
)
def test_preferences_that_do_not_exist_are_refused(client: Client, name: str, value: Any) -> None:
    answer = client.patch("/api/v1/prefs", {name: value}, content_type=JSON)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [f"/{name}"]


def test_a_copy_is_paused_and_resumed_and_twice_is_once(person: User, client: Client) -> None:
    copy = a_follower(a_strategy().strategy, account=an_account(person))
    path = f"subscriptions/{copy.public_id}"
    for deed, status in (("pause", "paused"), ("pause", "paused"), ("resume", "active")):
        answer = post(client, f"{path}/{deed}")
        assert (answer.status_code, answer.json()["status"]) == (200, status)
        assert get(client, path)["status"] == status


def test_a_copy_that_was_stopped_stays_stopped(person: User, client: Client) -> None:
    copy = a_follower(
        a_strategy().strategy, account=an_account(person), status=SubscriptionStatus.STOPPED
    )
    answer = post(client, f"subscriptions/{copy.public_id}/resume")
    assert (answer.status_code, answer.json()["code"]) == (409, "subscription.wrong_status")


def test_a_copy_shows_the_settings_in_force(person: User, client: Client) -> None:
    copy = a_follower(a_strategy().strategy, account=an_account(person), max_open=7)
    shown = get(client, f"subscriptions/{copy.public_id}")["settings"]
    assert (shown["sizing_mode"], shown["sizing_value"]) == ("equity_pct", "5")
    assert (shown["max_open"], shown["max_deviation_pct"]) == (7, None)
