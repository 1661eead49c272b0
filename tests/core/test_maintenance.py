"""Under maintenance the traders' pages rest; whoever must stop trading still can."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client

from tests.cast import a_market, a_person, a_strategy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _under_maintenance(settings: LazySettings) -> None:
    settings.MAINTENANCE = True


@pytest.fixture
def browser() -> Client:
    client = Client()
    client.force_login(a_person())
    return client


@pytest.mark.parametrize("path", ["/", "/signals", "/settings", "/nowhere"])
def test_a_page_says_when_to_come_back_and_that_positions_are_looked_after(
    browser: Client, path: str
) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "Nothing was sent to an exchange" in answer.text
    assert "open positions and their stops are looked after" in answer.text
    assert answer["X-Request-Id"] in answer.text


def test_programs_get_a_problem(browser: Client) -> None:
    answer = browser.get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (503, "maintenance")
    assert answer["Retry-After"] == "60"


def test_the_page_is_in_the_language_of_the_browser() -> None:
    assert 'lang="uk"' in Client().get("/", headers={"Accept-Language": "uk"}).text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/admin/", 302),  # to signing in, which works
        ("/accounts/login/", 200),
        ("/api/v1/admin/kill-switches", 401),  # asked for operators' rights, not sent away
        ("/health/live", 200),
        ("/version", 200),
    ],
)
def test_the_console_signing_in_and_the_kill_switch_stay_open(path: str, status: int) -> None:
    assert Client().get(path).status_code == status


def test_alerts_are_still_taken_in() -> None:
    a_market()
    alert = {"symbol": "BTCUSDT", "action": "close"}
    path = f"/webhook/{a_strategy().token}"
    assert Client().post(path, alert, content_type="application/json").status_code == 202


def test_it_is_off_unless_switched_on(settings: LazySettings, browser: Client) -> None:
    settings.MAINTENANCE = False
    assert browser.get("/settings").status_code == 200
