"""Settings, limits and kill switches by machine: the same commands as on the pages."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.api.cast import an_operator_with_app, get, post, signed_in
from tests.cast import VENUE, a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now
from tests.web.accounts_cast import Trader
from trading.models import CopySettings, CopySubscription, KillSwitch, RiskLimits

pytestmark = pytest.mark.django_db


@pytest.fixture
def copy() -> CopySubscription:
    a_market()
    a_quote()
    return a_follower(a_strategy().strategy, account=an_account(Trader().user), allocation_pct=40)


@pytest.fixture
def client(copy: CopySubscription) -> Client:
    return signed_in(copy.user)


def test_a_change_is_the_next_version_and_says_what_is_left(
    client: Client, copy: CopySubscription
) -> None:
    path = f"subscriptions/{copy.public_id}/settings"
    body = {"sizing_mode": "risk_pct", "sizing_value": "1.5", "max_position_pct": "4"}
    answer = post(client, path, body)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["settings"]["version"], told["settings"]["sizing_mode"]) == (2, "risk_pct")
    assert (told["settings"]["max_position_pct"], told["left_pct"]) == ("4", "60")
    assert CopySettings.objects.count() == 2


def test_the_same_key_changes_once(client: Client, copy: CopySubscription) -> None:
    path = f"subscriptions/{copy.public_id}/settings"
    for _ in range(2):
        again = post(client, path, {"sizing_value": "3"}, Idempotency_Key="change-0001")
        assert again.status_code == 200
    assert CopySettings.objects.count() == 2


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"sizing_mode": "multiplier", "sizing_value": "9"}, 422, "copy_settings.invalid"),
    ({"sizing_value": "much"}, 422, "validation_failed"),
    ({"allocation_pct": "80"}, 409, "copy_settings.allocation_exceeded"),
]


@pytest.mark.parametrize(("body", "status", "code"), REFUSED)
def test_what_cannot_be_is_a_problem_with_its_code(
    client: Client, copy: CopySubscription, body: dict[str, Any], status: int, code: str
) -> None:
    a_follower(a_strategy().strategy, account=copy.account, allocation_pct=30)
    answer = post(client, f"subscriptions/{copy.public_id}/settings", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert CopySettings.objects.count() == 2


def test_a_preview_tells_both_sizes_with_the_reason(client: Client, copy: CopySubscription) -> None:
    a_signal(copy.strategy)
    path = f"subscriptions/{copy.public_id}/settings/preview"
    (shown,) = post(client, path, {"sizing_value": "2.5"}).json()
    assert shown["before"]["quantity"] == "0.016"
    assert shown["after"]["quantity"] == "0.008"
    assert shown["after"]["why"].startswith("4000 × 2.5 % × 5 ÷ 60000")
    assert CopySettings.objects.count() == 1


def test_my_risk_names_who_set_each_limit(client: Client, copy: CopySubscription) -> None:
    RiskLimits.objects.create(scope="account", target=copy.account_id, max_open=2)
    (mine,) = get(client, "risk/me")
    limits = {each["name"]: (each["value"], each["set_by"]) for each in mine["limits"]}
    assert limits["max_open"] == ("2", "account")
    assert limits["max_exposure_pct"] == ("50", "platform")
    usual = {each["name"]: each["value"] for each in get(client, "risk/defaults")}
    assert (usual["max_open"], usual["max_age"]) == ("5", "60")


def test_an_operator_sets_raises_and_lifts_a_switch(
    copy: CopySubscription,
) -> None:
    client, app = an_operator_with_app()
    body = {"scope": "venue", "target": VENUE, "effect": "block_opens", "reason": "a drill"}
    made = post(
        client, "admin/kill-switches", body, X_Second_Factor=app.at(now(), counter_offset=-1)
    )
    assert made.status_code == 201, made.text
    switch = KillSwitch.objects.get()
    assert (switch.effect, switch.set_by is not None) == ("block_opens", True)
    assert get(client, f"admin/kill-switches/{switch.public_id}/reach")["followers"] == 1
    listed = get(client, "admin/kill-switches")["results"]
    assert [each["id"] for each in listed] == [str(switch.public_id)]
    lifted = post(
        client, f"admin/kill-switches/{switch.public_id}/lift", {"reason": "it is over"},
        X_Second_Factor=app.at(now()),
    )  # fmt: skip
    assert lifted.status_code == 200, lifted.text
    assert lifted.json()["lifted_at"]


def test_a_switch_for_nothing_is_refused(db: None) -> None:
    client, app = an_operator_with_app()
    body = {"scope": "venue", "target": "nowhere", "effect": "flatten", "reason": "a drill"}
    answer = post(
        client, "admin/kill-switches", body, X_Second_Factor=app.at(now(), counter_offset=-1)
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "kill_switch.target")
