"""Every way of docs/operator-tasks.md that is said to work, clicked in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pyotp
import pytest
from django.test import Client
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from tests.browser import needs_chromium, signed_in, watched
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out

PAGE = (Path(__file__).parents[2] / "docs" / "operator-tasks.md").read_text()
MOST_CLICKS = 5
LINKS = "#console-front a, #nav-sidebar-apps a, #content-main a"
pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), needs_chromium]


class Task(NamedTuple):
    """``clicks`` from the front page; ``where`` is a path, … for what differs."""

    name: str
    clicks: list[str]
    where: str
    works: bool


def _tasks() -> list[Task]:
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if re.match(r"\| \d", line)]
    return [_task(*(cell.strip() for cell in row)) for row in rows]


def _task(_number: str, name: str, clicks: str, where: str, state: str) -> Task:
    steps = [each.strip() for each in clicks.split("›") if each.strip()]
    return Task(name, steps, where.strip("`"), state == "works")


def _click(page: Page, name: str) -> None:
    if name == "first":
        page.locator("#result_list tbody a, table tbody a").first.click()
        return
    text = re.compile(rf"(^|\s){re.escape(name)}(\s|$)")
    page.locator(LINKS).filter(has_text=text).first.click()


def test_there_are_forty_and_none_takes_more_than_five_clicks() -> None:
    tasks = _tasks()
    assert len(tasks) == 40
    assert max(len(task.clicks) for task in tasks) <= MOST_CLICKS
    assert sum(task.works for task in tasks) == 38


def test_each_is_found_by_its_clicks(
    live_server: LiveServer, operator: tuple[User, str], sign_in: Callable[..., Client]
) -> None:
    a_market()
    a_quote()
    published = a_strategy()
    a_follower(published.strategy)
    a_follower(published.strategy, mode="notify")
    Client().post(
        f"/webhook/{published.token}", data='{"symbol": "BTCUSDT", "action": "up"}',
        content_type="application/json",
    )  # fmt: skip
    fan_out(signal_id=a_signal(published.strategy).pk, now=now())
    send_on_paper()
    client = sign_in(operator[0], pyotp.TOTP(operator[1]).now())
    with signed_in(live_server.url, client) as context:
        page = context.new_page()
        errors = watched(page)
        for task in (each for each in _tasks() if each.works):
            page.goto(f"{live_server.url}/admin/")
            for name in task.clicks:
                _click(page, name)
            path = re.escape(task.where).replace("…", "[^/]+")
            expect(page, task.name).to_have_url(re.compile(rf"{live_server.url}{path}(\?.*)?$"))
            expect(page.locator("h1, h2").first).to_be_visible()
    assert errors == []
