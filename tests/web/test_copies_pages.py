"""My copies and how they are sized: seen, tried out, changed, and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import a_follower, a_market, a_person, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.fanout import fan_out
from trading.models import CopySettings, CopySubscription, RiskLimits

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def copy() -> CopySubscription:
    a_market()
    a_quote()
    return a_follower(a_strategy().strategy, allocation_pct=60)


@pytest.fixture
def browser(copy: CopySubscription) -> Client:
    made = Client()
    made.force_login(copy.user)
    return made


def _form(**changes: str) -> dict[str, str]:
    return {
        "sizing_mode": "equity_pct", "sizing_value": "5", "risk_multiplier": "1",
        "allocation_pct": "60", "leverage_mode": "follow", **changes,
    }  # fmt: skip


def _page(browser: Client, copy: CopySubscription, **fields: str) -> Any:
    address = reverse("copy-settings", args=[copy.public_id])
    return browser.post(address, fields) if fields else browser.get(address)


def test_the_list_tells_size_state_and_what_the_week_brought(
    browser: Client, copy: CopySubscription, django_assert_max_num_queries: Any
) -> None:
    fan_out(signal_id=a_signal(copy.strategy, stop_loss_pct=None).pk, now=now())
    RiskLimits.objects.create(scope="platform", max_position_pct=0)
    fan_out(signal_id=a_signal(copy.strategy).pk, now=now())
    browser.get(reverse("copies"))
    with django_assert_max_num_queries(9):
        page = browser.get(reverse("copies")).text
    assert copy.strategy.name in page
    assert "Equity % 5" in page
    assert '<a class="figure" href="/receipts?outcome=skipped">1</a>' in page


def test_a_copy_is_paused_and_resumed(browser: Client, copy: CopySubscription) -> None:
    address = reverse("copy-status", args=[copy.public_id])
    for change, status in (("pause", "paused"), ("pause", "paused"), ("resume", "active")):
        assert browser.post(address, {"change": change}).status_code == 302
        copy.refresh_from_db()
        assert copy.status == status


def test_without_copies_the_page_says_so() -> None:
    browser = Client()
    browser.force_login(a_person())
    assert "You copy nothing yet." in browser.get(reverse("copies")).text


def test_beside_each_limit_stands_what_holds_and_who_set_it(
    browser: Client, copy: CopySubscription
) -> None:
    RiskLimits.objects.create(scope="account", target=copy.account_id, max_position_pct=4)
    page = _page(browser, copy).text
    assert "Now 4 (the account)." in page
    assert "Now 50 (platform)." in page
    assert "100 % is left." in page


def test_a_preview_shows_both_sizes_and_changes_nothing(
    browser: Client, copy: CopySubscription
) -> None:
    a_signal(copy.strategy)
    page = _page(browser, copy, **_form(sizing_value="2.5", preview="1"))
    assert page.status_code == 200
    assert '<span class="figure">0.025</span>' in page.text
    assert '<span class="figure">0.012</span>' in page.text
    assert "6000 × 2.5 % × 5 ÷ 60000" in page.text
    assert CopySettings.objects.count() == 1


def test_saving_makes_the_next_version(browser: Client, copy: CopySubscription) -> None:
    form = _form(sizing_value="3", max_open="2", blocked_symbols="ethusdt, solusdt", save="1")
    assert _page(browser, copy, **form).status_code == 302
    copy.refresh_from_db()
    chosen = copy.settings
    assert (chosen.version, chosen.sizing_value, chosen.max_open) == (2, 3, 2)
    assert chosen.blocked_symbols == ["ETHUSDT", "SOLUSDT"]
    assert "ETHUSDT, SOLUSDT" in _page(browser, copy).text


BAD = [
    ({"sizing_value": "abc"}, "Enter a number."),
    ({"sizing_mode": "multiplier", "sizing_value": "7"}, "Check this field."),
    ({"leverage_mode": "fixed"}, "Check this field."),
    ({"blocked_symbols": "BTC/USDT"}, "Write symbols like BTCUSDT"),
]


@pytest.mark.parametrize(("changes", "said"), BAD)
def test_what_cannot_be_is_said_at_its_field(
    browser: Client, copy: CopySubscription, changes: dict[str, str], said: str
) -> None:
    page = _page(browser, copy, **_form(**changes, save="1"))
    assert page.status_code == 422
    assert said in page.text
    assert CopySettings.objects.count() == 1


def test_more_than_the_account_has_must_be_meant(browser: Client, copy: CopySubscription) -> None:
    a_follower(a_strategy().strategy, account=copy.account, allocation_pct=40)
    form = _form(allocation_pct="70", save="1")
    page = _page(browser, copy, **form)
    assert page.status_code == 422
    assert "60 % of the account is left" in page.text
    assert _page(browser, copy, **form, over_allocate="on").status_code == 302


def test_nobody_elses_copy_is_there(browser: Client, copy: CopySubscription) -> None:
    other = a_follower(a_strategy().strategy, account=an_account())
    assert _page(browser, other).status_code == 404
    address = reverse("copy-status", args=[other.public_id])
    assert browser.post(address, {"change": "pause"}).status_code == 404
    assert Client().get(reverse("copies")).status_code == 302
