"""Kill switches through the API: set, seen, changed and lifted by operators with fresh codes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from accounts.services import enrol_totp
from tests.api.cast import World, get, post, verified
from tests.cast import VENUE, a_person
from tests.cells import Cell
from tests.codes import code_of
from tests.guards.cast import holding
from trading.models import ExchangeAccount, KillEvent, KillScope, KillSwitch

pytestmark = pytest.mark.django_db
PATH = "admin/kill-switches"
SET = {"scope": "platform", "effect": "block_opens", "reason": "The venue misbehaves."}


@dataclass
class Operator:
    """Staff with an app, whose session has shown a code."""

    browser: Client
    app: pyotp.TOTP
    codes: int = -1

    def ask(self, path: str, body: dict[str, Any], **headers: str) -> Any:
        return post(self.browser, path, body, X_Second_Factor=self.code(), **headers)

    def code(self) -> str:
        """One not used yet; three are good at any time."""
        code = code_of(self.app, self.codes)
        self.codes += 1
        return code


@pytest.fixture
def operator(world: World) -> Operator:
    person = a_person(Role.OWNER)
    app = pyotp.TOTP(enrol_totp(user=person))
    return Operator(verified(person), app)


def test_a_switch_is_set_made_stricter_and_lifted_each_step_with_its_reason(
    operator: Operator,
) -> None:
    made = operator.ask(PATH, SET)
    assert made.status_code == 201, made.text
    one = f"{PATH}/{made.json()['id']}"
    assert get(operator.browser, PATH, in_force="true", scope="platform")["results"]
    stricter = operator.ask(f"{one}/effect", {"effect": "flatten", "reason": "It got worse."})
    assert stricter.json()["effect"] == "flatten"
    lifted = operator.ask(f"{one}/lift", {"reason": "It is over."}).json()
    assert lifted["lifted_at"] is not None
    assert [(each["became"], each["reason"]) for each in lifted["events"]] == [
        ("", "It is over."),
        ("flatten", "It got worse."),
        ("block_opens", "The venue misbehaves."),
    ]
    assert get(operator.browser, PATH, in_force="true", scope="platform")["results"] == []
    assert len(get(operator.browser, PATH, in_force="false")["results"]) == 1


def test_the_same_request_again_sets_nothing_twice(operator: Operator) -> None:
    first = operator.ask(PATH, SET, Idempotency_Key="fire-in-the-house")
    again = operator.ask(PATH, SET, Idempotency_Key="fire-in-the-house")
    assert again["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    assert KillEvent.objects.filter(switch__scope=KillScope.PLATFORM).count() == 1


def test_targets_are_named_as_outsiders_know_them(world: World, operator: Operator) -> None:
    targets = {
        "venue": VENUE,
        "symbol": "BTCUSDT",
        "strategy": world.ids["strategy_id"],
    }
    for scope, target in targets.items():
        made = operator.ask(PATH, SET | {"scope": scope, "target": target})
        assert (made.status_code, made.json()["target"]) == (201, target), made.text
    rows = get(operator.browser, PATH)["results"]
    shown = {row["scope"]: row["target"] for row in rows}
    assert shown == targets | {"account": world.ids["waiting_id"]}
    waiting = ExchangeAccount.objects.get(public_id=world.ids["waiting_id"])
    assert KillSwitch.objects.get(scope="account").target == str(waiting.pk)


NO_TARGETS = {
    "platform": "x",
    "venue": "nowhere",
    "strategy": "1",
    "account": "0198f2c4-0000-7000-8000-000000000010",
}


def test_a_target_that_is_none_is_refused(operator: Operator, cell: Cell) -> None:
    for scope, target in NO_TARGETS.items():
        with cell(scope):
            answer = replace(operator).ask(PATH, SET | {"scope": scope, "target": target})
            assert (answer.status_code, answer.json()["code"]) == (422, "kill_switch.target")
            assert KillSwitch.objects.count() == 1, "the one of the world"


def test_without_a_fresh_code_or_a_reason_nothing_is_set(operator: Operator) -> None:
    wrong = post(operator.browser, PATH, SET, X_Second_Factor="000000")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "second_factor_refused")
    silent = operator.ask(PATH, SET | {"reason": "no"})
    assert (silent.status_code, silent.json()["errors"][0]["pointer"]) == (422, "/reason")
    assert not KillSwitch.objects.filter(scope=KillScope.PLATFORM).exists()


def test_a_lifted_switch_is_not_changed(operator: Operator, world: World) -> None:
    one = f"{PATH}/{world.ids['switch_id']}"
    operator.ask(f"{one}/lift", {"reason": "It is over."})
    answer = operator.ask(f"{one}/effect", {"effect": "flatten", "reason": "Once more."})
    assert (answer.status_code, answer.json()["code"]) == (409, "kill_switch.lifted")


@pytest.mark.django_db(transaction=True)
def test_a_flatten_shows_its_legs_person_by_person(operator: Operator) -> None:
    strategy, copies = holding(2)
    body = SET | {"scope": "strategy", "target": str(strategy.public_id), "effect": "flatten"}
    made = operator.ask(PATH, body).json()
    assert made["legs"]["all"] == 2
    legs = get(operator.browser, f"{PATH}/{made['id']}/legs")["results"]
    assert {leg["subscription"] for leg in legs} == {str(copy.public_id) for copy in copies}
    assert {leg["person"] for leg in legs} == {copy.user.email for copy in copies}
    assert {leg["held"] for leg in legs} == {"0.041"}


def test_a_switch_tells_whom_it_concerns_now(world: World, operator: Operator) -> None:
    body = SET | {"scope": "strategy", "target": world.ids["strategy_id"]}
    one = operator.ask(PATH, body).json()["id"]
    reach = get(operator.browser, f"{PATH}/{one}/reach")
    assert (reach["followers"], reach["positions"]) == (1, 1)
    assert reach["planned"] == reach["resting"] == reach["unresolved"] == 0


def test_the_list_costs_the_same_for_more_switches(operator: Operator, world: World) -> None:
    get(operator.browser, PATH)
    few = _queries(operator)
    for number, scope in enumerate(("symbol", "venue", "symbol")):
        KillSwitch.objects.create(
            scope=scope, target=f"T{number}", reason="Odd.", effect_since=datetime.now(UTC),
            set_at=datetime.now(UTC),
        )  # fmt: skip
    assert _queries(operator) == few == 5  # session, person, device; the rows, their accounts


def _queries(operator: Operator) -> int:
    with CaptureQueriesContext(connection) as queries:
        get(operator.browser, PATH)
    return len(queries)
