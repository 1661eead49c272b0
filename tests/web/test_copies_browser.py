"""Copies in a real browser: a setting is changed with its preview; three themes, two widths."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser import SHOTS, needs_chromium, shoot, signed_in, watched
from tests.cast import told_leverage
from tests.web.copies_cast import Copier
from trading.execution.venue_settings import CHANGED, NO_ANSWER
from trading.models import CopySettings, RiskLimits

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    needs_chromium,
]


@pytest.fixture
def copier() -> Copier:
    return Copier()


@pytest.fixture
def page(live_server: LiveServer, copier: Copier) -> Iterator[Page]:
    """Where the copier is signed in."""
    with signed_in(live_server.url, copier.browser) as context:
        yield context.new_page()


def test_a_setting_is_changed_with_its_effect_before_the_traders_eyes(
    live_server: LiveServer, page: Page, copier: Copier
) -> None:
    errors = watched(page)
    copier.signalled("BTCUSDT", "ETHUSDT", "BTCUSDT", "ETHUSDT", "BTCUSDT")
    RiskLimits.objects.create(scope="strategy", target=copier.copy.strategy_id, max_leverage=3)
    page.goto(f"{live_server.url}/copies")
    page.get_by_role("link", name=copier.copy.strategy.name).first.click()
    expect(page.get_by_text("Nothing is changed yet.")).to_be_visible()
    page.get_by_label("Value", exact=True).fill("2")
    expect(page.locator("[data-differs]")).to_have_count(5)
    page.get_by_label("Never these symbols").fill("ETHUSDT")
    expect(page.get_by_text("Skipped: your settings leave out ETHUSDT.")).to_have_count(2)
    shoot(page, "copy-settings")
    page.get_by_label("Value", exact=True).fill("200")
    expect(page.locator("#preview").get_by_text("A percentage is at most 100.")).to_be_visible()
    page.get_by_role("link", name="Value").click()
    expect(page.get_by_label("Value", exact=True)).to_be_in_viewport()
    page.get_by_label("Fixed amount").check()
    expect(page.locator("#sizing-unit")).to_have_text("USDT")
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_text("Saved as version 2. It acts on new positions.")).to_be_visible()
    made = CopySettings.objects.get(version=2)
    assert (made.sizing_mode, made.sizing_value) == ("fixed_amount", 200)
    assert made.blocked_symbols == ["ETHUSDT"]
    assert errors == []


def test_the_list_and_every_state_of_the_settings_fit_every_screen(
    live_server: LiveServer, page: Page, copier: Copier
) -> None:
    errors = watched(page)
    paused = copier.copies(allocation_pct=Decimal(60))
    copier.copies(mode="approval", allocation_pct=Decimal(5))
    for symbol in ("XRPUSDT", "DOGEUSDT", "BTCUSDT"):
        copier.receive(symbol=symbol)
    for _ in range(12):
        copier.receive(paused, symbol="BTCUSDT", leverage=1, stop_loss_pct=None)
    page.goto(f"{live_server.url}/copies")
    page.get_by_role("button", name=f"Pause {paused.strategy.name}").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    shoot(page, "copies-list")
    page.goto(f"{live_server.url}{copier.url()}")
    page.get_by_label("Share of the account").fill("70")
    page.get_by_label("Margin of one position").fill("-2")
    page.get_by_role("button", name="Save as version 2").click()
    expect(
        page.get_by_text("Nothing was saved: look at the fields with a message.")
    ).to_be_visible()
    shoot(page, "copy-settings-wrong")
    page.get_by_label("Margin of one position").fill("")
    page.get_by_label("Share of the account").fill("99")
    expect(page.get_by_text("saving will ask whether you mean it.")).to_be_visible()
    page.get_by_role("button", name="Save as version 2").click()
    meant = page.get_by_label("Yes, give this account's copies more than the whole of it")
    expect(meant).to_be_visible()
    shoot(page, "copy-settings-exceeds")
    meant.check()
    page.get_by_role("button", name="Save as version 2").click()
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    expect(page.get_by_text("The first version")).to_be_visible()
    page.locator("#history").screenshot(path=SHOTS / "copy-settings-history.png")
    assert [text for text in errors if "422" not in text and "409" not in text] == []


def test_a_preview_that_fails_says_that_nothing_happened_and_is_asked_again(
    live_server: LiveServer, page: Page, copier: Copier
) -> None:
    page.route("**/settings/preview", lambda route: route.abort())
    page.goto(f"{live_server.url}{copier.url()}")
    expect(page.get_by_text("nothing reached the exchange.")).to_be_visible()
    shoot(page, "copy-settings-failed")
    page.unroute("**/settings/preview")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("This strategy has opened nothing yet.")).to_be_visible()
    expect(page.get_by_text("nothing reached the exchange.")).to_be_hidden()


def test_the_form_is_used_by_keyboard_alone(
    live_server: LiveServer, page: Page, copier: Copier
) -> None:
    copier.receive()
    page.goto(f"{live_server.url}{copier.url()}")
    page.get_by_label("Equity %").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Fixed amount")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Control+A")
    page.keyboard.type("150")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved as version 2.")).to_be_visible()
    assert CopySettings.objects.get(version=2).sizing_value == 150


def test_what_is_set_at_the_exchange_fits_every_screen(
    live_server: LiveServer, page: Page, copier: Copier
) -> None:
    errors = watched(page)
    told_leverage(copier.account, leverage=5)
    told_leverage(copier.account, "ETHUSDT", leverage=3, wanted=8, state="changed", code=CHANGED)
    told_leverage(
        copier.account, "SOLUSDT", leverage=None, wanted=20, state="no_answer", code=NO_ANSWER,
        read_at=None, margin_mode="",
    )  # fmt: skip
    page.goto(f"{live_server.url}{copier.url()}")
    expect(page.get_by_text("It was changed at the exchange, and is left so.")).to_be_visible()
    shoot(page, "copy-at-venue")
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.locator("#at-venue").screenshot(path=SHOTS / f"copy-at-venue-panel-{width}.png")
    assert errors == []
