"""An operator flattens a strategy in a real browser, from the sidebar, and sees it happen."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial

import pyotp
import pytest
from django.test import Client
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from mimic.core.thread_connections import in_thread
from tests.browser import CONSOLE, needs_chromium, shoot, signed_in, watched
from tests.cast import a_market, a_quote
from tests.execution.paper import now, send_on_paper
from tests.guards.cast import holding
from trading.guards.flatten import carry_out
from trading.models import KillSwitch

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    needs_chromium,
]


def test_an_operator_finds_a_strategy_flattens_it_and_watches_it_end(
    live_server: LiveServer,
    operator: tuple[User, str],
    sign_in: Callable[..., Client],
) -> None:
    a_market()
    a_quote()
    strategy, _ = holding(3)
    holding(2)
    app = pyotp.TOTP(operator[1])
    client = sign_in(operator[0], app.now())
    with signed_in(live_server.url, client) as context:
        page = context.new_page()
        errors = watched(page)
        page.goto(f"{live_server.url}/admin/trading/killswitch/console/")
        page.select_option("#id_scope", "strategy")
        page.select_option("#id_effect", "flatten")
        page.locator("#id_strategy + .select2").click()
        page.locator(".select2-search__field").fill(strategy.name)
        page.locator(".select2-results__option", has_text=strategy.name).first.click()
        page.get_by_role("button", name="Preview").click()
        shoot(page, "kill-preview", CONSOLE)
        page.fill("#id_reason", "the provider is gone")
        page.fill("#id_code", app.at(datetime.now(UTC), counter_offset=1))
        page.locator(".console-confirm__do").click()
        page.get_by_text("At work").wait_for()
        shoot(page, "kill-progress", CONSOLE)
        with ThreadPoolExecutor(1) as pool:  # a loop of its own
            assert pool.submit(in_thread(partial(send_on_paper, closing=True))).result() == 3
        carry_out(now=now() + timedelta(seconds=1))
        page.locator(".console-tile--good .console-tile__value", has_text="3").wait_for()
        shoot(page, "kill-done", CONSOLE)
        page.get_by_role("link", name="Change or lift").click()
        shoot(page, "kill-alter", CONSOLE)
    assert errors == []
    assert KillSwitch.objects.get().legs.filter(state="done").count() == 3
