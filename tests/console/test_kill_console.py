"""The operator sets a kill switch after a preview, follows it, changes it and lifts it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from signals.models import Strategy
from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy
from tests.execution.paper import now, send_on_paper
from trading.copying.fanout import fan_out
from trading.guards.flatten import carry_out
from trading.guards.kill import lift_kill_switch, set_kill_switch
from trading.models import KillEffect, KillScope, KillSwitch, Order

pytestmark = pytest.mark.django_db(transaction=True)
CONSOLE = "admin:trading_kill_console"
Codes = Callable[[], str]


@pytest.fixture
def code(operator: tuple[User, str]) -> Codes:
    """The next code that was not shown yet."""
    steps = iter(range(1, 2))
    return lambda: pyotp.TOTP(operator[1]).at(datetime.now(UTC), counter_offset=next(steps))


def _holding(count: int) -> Strategy:
    a_market()
    a_quote()
    strategy = a_strategy().strategy
    for _ in range(count):
        a_follower(strategy)
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    send_on_paper()
    return strategy


def _a_switch(effect: KillEffect = KillEffect.FLATTEN) -> KillSwitch:
    return set_kill_switch(
        scope=KillScope.PLATFORM, target="", reason="fire", by=a_person(), now=now(), effect=effect
    )


OURS = ("trading_flattenleg", "trading_killevent", "trading_killswitch", "WITH k AS")


def _queries(console: Client, url: str, data: dict[str, str] | None = None) -> int:
    """The page's own: the sidebar's badges are asked for on every page."""
    with CaptureQueriesContext(connection) as queries:
        assert console.get(url, data).status_code == 200
    return sum(any(name in query["sql"] for name in OURS) for query in queries)


def test_a_preview_says_what_is_at_stake_and_changes_nothing(console: Client) -> None:
    strategy = _holding(3)
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    wanted = {"scope": "strategy", "strategy": str(strategy.pk), "effect": "flatten"}
    page = console.get(reverse(CONSOLE), wanted)
    reach = page.context["reach"]
    assert (reach.followers, reach.positions, reach.planned, reach.notional) == (3, 3, 3, 7_380)
    assert "7,380.00" in page.text
    assert not KillSwitch.objects.exists()
    assert not Order.objects.filter(reduce_only=True).exists()


def test_a_switch_needs_its_target(console: Client) -> None:
    page = console.get(reverse(CONSOLE), {"scope": "venue", "effect": "flatten"})
    assert "Choose what the switch is to reach." in page.text
    assert "reach" not in page.context


def test_an_operator_flattens_a_strategy_and_watches_it(console: Client, code: Codes) -> None:
    strategy = _holding(2)
    url = f"{reverse(CONSOLE)}?scope=strategy&strategy={strategy.pk}&effect=flatten"
    answer = console.post(url, {"confirmed": "yes", "reason": "provider gone", "code": code()})
    switch = KillSwitch.objects.get()
    progress = reverse("admin:trading_kill_progress", args=[switch.pk])
    assert (answer.status_code, answer["Location"]) == (302, progress)
    assert (switch.scope, switch.target, switch.effect) == ("strategy", str(strategy.pk), "flatten")
    assert 'http-equiv="refresh"' in console.get(progress).text
    send_on_paper(closing=True)
    carry_out(now=now() + timedelta(seconds=1))
    page = console.get(progress)
    assert page.context["counts"] == (2, 2, 0, 0)
    assert 'http-equiv="refresh"' not in page.text


def test_a_wrong_code_sets_nothing(console: Client) -> None:
    url = f"{reverse(CONSOLE)}?scope=platform&effect=flatten"
    page = console.post(url, {"confirmed": "yes", "reason": "provider gone", "code": "000000"})
    assert page.status_code == 200
    assert not KillSwitch.objects.exists()


def test_an_unknown_symbol_is_refused_with_words(console: Client, code: Codes) -> None:
    url = f"{reverse(CONSOLE)}?scope=symbol&symbol=nosuch&effect=block_opens"
    page = console.post(url, {"confirmed": "yes", "reason": "a test of it", "code": code()})
    assert "A kill switch needs the target of its scope" in page.text
    assert not KillSwitch.objects.exists()


@pytest.mark.parametrize("wanted", ["lift", "close_only"])
def test_a_switch_is_made_milder_or_lifted_with_a_reason(
    console: Client, code: Codes, wanted: str
) -> None:
    switch = _a_switch()
    url = reverse("admin:trading_kill_alter", args=[switch.pk])
    assert console.get(url).status_code == 200
    form = {"confirmed": "yes", "effect": wanted, "reason": "it is over", "code": code()}
    assert console.post(url, form).status_code == 302
    event = switch.events.get(was="flatten")
    assert (event.became, event.reason) == ("" if wanted == "lift" else wanted, "it is over")


def test_nothing_is_lifted_without_a_reason_and_a_right_code(console: Client) -> None:
    switch = _a_switch()
    url = reverse("admin:trading_kill_alter", args=[switch.pk])
    for reason, number in (("", "123456"), ("it is over", "000000")):
        form = {"confirmed": "yes", "effect": "lift", "reason": reason, "code": number}
        assert console.post(url, form).status_code == 200
    switch.refresh_from_db()
    assert switch.lifted_at is None


def test_the_legs_are_downloaded_as_csv(console: Client) -> None:
    _holding(2)
    switch = _a_switch()
    page = console.get(reverse("admin:trading_kill_progress", args=[switch.pk]))
    answer = console.get(page.context["csv"])
    chunks: Iterator[bytes] = iter(answer.streaming_content)  # type: ignore[attr-defined]
    lines = b"".join(chunks).decode().splitlines()
    assert len(lines) == 3
    assert "closing" in lines[1]


def test_pages_cost_the_same_for_more_legs_and_more_switches(console: Client) -> None:
    strategy = _holding(2)
    switch = _a_switch()
    wanted = {"scope": "platform", "effect": "flatten"}
    progress = "admin:trading_kill_progress"
    few = _queries(console, reverse(progress, args=[switch.pk]))
    few_in_force = _queries(console, reverse(CONSOLE), wanted)
    lift_kill_switch(switch=switch, reason="it is over", by=a_person(), now=now())
    for _ in range(10):
        a_follower(strategy)
    fan_out(signal_id=a_signal(strategy).pk, now=now())
    send_on_paper()
    _a_switch(KillEffect.BLOCK_OPENS)
    more = set_kill_switch(
        scope=KillScope.SYMBOL, target="BTCUSDT", reason="fire", by=a_person(), now=now(),
        effect=KillEffect.FLATTEN,
    )  # fmt: skip
    assert more.legs.count() == 12
    assert _queries(console, reverse(progress, args=[more.pk])) == few <= 6
    assert _queries(console, reverse(CONSOLE), wanted) == few_in_force <= 6


def test_a_trader_sees_none_of_it(trader: User, sign_in: Callable[..., Client]) -> None:
    browser = sign_in(trader)
    switch = _a_switch()
    for name in ("progress", "alter"):
        url = reverse(f"admin:trading_kill_{name}", args=[switch.pk])
        assert browser.get(url).status_code == 404
    assert browser.get(reverse(CONSOLE)).status_code == 404
