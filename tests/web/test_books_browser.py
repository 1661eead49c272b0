"""Positions, orders and trades in a real browser: live, filtered, three themes, two widths."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from mimic.asgi import application
from tests.browser import needs_chromium, shoot, signed_in, watched
from tests.cast import a_quote
from tests.web.books_cast import Holder, now
from tests.web.serving import web_process
from trading.models import InstrumentQuote, Trade

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    needs_chromium,
]


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What comes by socket waits for a jitter, then for the page: longer than a click does."""
    expect.set_options(timeout=15_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def holder() -> Holder:
    return Holder()


@pytest.fixture
def site(transactional_db: None) -> Iterator[str]:
    with web_process(application) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def page(site: str, holder: Holder) -> Iterator[Page]:
    """Where the holder is signed in."""
    with signed_in(site, holder.browser) as context:
        yield context.new_page()


def test_positions_follow_what_happens_and_keep_their_filters(
    site: str, page: Page, holder: Holder
) -> None:
    errors = watched(page)
    page.goto(f"{site}/positions")
    shoot(page, "positions-empty")
    expect(page.locator("[data-connection-badge]")).to_have_text("Live")
    order = holder.opens(holder.on_live)
    expect(page.locator("[data-purse='live USDT']")).to_be_visible()
    expect(page.locator("[data-row]")).to_have_count(1)
    holder.opens(holder.on_paper, "3000", symbol="ETHUSDT")
    expect(page.locator("[data-row]")).to_have_count(2)
    page.get_by_label("Money").select_option("live")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("[data-purse]")).to_have_count(1)
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.locator("[data-connection-badge]")).to_have_text("Live")
    holder.opens(holder.copies(holder.paper), "3000", symbol="ETHUSDT")
    a_quote("61000")
    holder.opens(holder.copies(holder.live), "60500")
    expect(page.locator("[data-row] .shares li")).to_have_count(2)
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(page.locator("[data-purse] .pnl")).to_contain_text("▲")
    assert order.filled > 0
    assert errors == []


def test_old_prices_turn_muted_and_italic_before_the_holders_eyes(
    site: str, page: Page, holder: Holder
) -> None:
    errors = watched(page)
    holder.opens(holder.on_live)
    other = holder.copies(holder.live)
    holder.opens(other, "60500")
    holder.opens(holder.on_paper, "3000", symbol="ETHUSDT", direction="short")
    a_quote("60900")
    a_quote("3100", "ETHUSDT")
    page.goto(f"{site}/positions")
    fresh = page.locator("[data-row]", has_text="BTCUSDT").locator("[data-marked] .pnl").first
    expect(fresh).to_have_css("font-style", "normal")
    shoot(page, "positions")
    InstrumentQuote.objects.filter(instrument__symbol="BTCUSDT").update(
        at=now() - timedelta(minutes=3)
    )
    page.reload()
    old = page.locator("[data-row]", has_text="BTCUSDT").locator("[data-marked] .pnl").first
    expect(old).to_have_css("font-style", "italic")
    expect(page.get_by_text("some prices are old")).to_be_visible()
    shoot(page, "positions-old")
    assert errors == []


def test_orders_from_the_list_to_the_receipt(site: str, page: Page, holder: Holder) -> None:
    errors = watched(page)
    page.goto(f"{site}/orders")
    shoot(page, "orders-empty")
    expect(page.locator("[data-connection-badge]")).to_have_text("Live")
    holder.opens(holder.on_paper, parts=3)
    expect(page.locator("[data-row]")).to_have_count(1)
    holder.closes(holder.on_paper, "60900")
    holder.refused(holder.on_live)
    holder.lost(holder.on_live, symbol="ETHUSDT")
    holder.plans(holder.copies(holder.live))
    page.reload()
    shoot(page, "orders")
    page.get_by_label("Status", exact=True).select_option("filled")
    page.get_by_label("Symbol").fill("nothing like it")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_text("Not like BTCUSDT.")).to_be_visible()
    expect(page.locator("[data-row]")).to_have_count(2)
    shoot(page, "orders-filtered")
    page.locator("[data-row] a").last.click()
    expect(page.get_by_text("Filled in full.")).to_be_visible()
    shoot(page, "order")
    page.get_by_role("link", name="The receipt").click()
    expect(page.get_by_role("heading", name="Receipt", exact=True)).to_be_visible()
    page.goto(f"{site}/orders?status=rejected")
    page.locator("[data-row] a").click()
    expect(page.get_by_text("Margin is short.").first).to_be_visible()
    shoot(page, "order-refused")
    assert errors == []


def test_trades_with_their_sums_and_one_against_its_provider(
    site: str, page: Page, holder: Holder
) -> None:
    errors = watched(page)
    page.goto(f"{site}/trades")
    shoot(page, "trades-empty")
    expect(page.locator("[data-connection-badge]")).to_have_text("Live")
    for copy, bought, sold in (
        (holder.on_paper, "60000", "59100"),
        (holder.on_live, "60000", "61000"),
        (holder.on_paper, "60030", "61061"),
    ):
        holder.opens(copy, bought, entry_price=Decimal(60000))
        holder.closes(copy, sold, entry_price=Decimal(61000))
    expect(page.locator("[data-purse]")).to_have_count(2)
    shoot(page, "trades")
    page.get_by_label("Result", exact=True).select_option("lost")
    page.get_by_role("button", name="Filter").click()
    expect(page.locator("[data-purse]")).to_have_count(1)
    expect(page.locator("[data-row]")).to_have_count(1)
    page.get_by_role("link", name="Clear").click()
    page.locator(f"[data-row='{Trade.objects.latest('pk').public_id}'] a").click()
    expect(page.get_by_text("5.0 bp worse")).to_be_visible()
    expect(page.get_by_text("10.0 bp better")).to_be_visible()
    shoot(page, "trade")
    assert errors == []


def test_a_thumb_finds_the_three_pages_under_portfolio(
    site: str, page: Page, holder: Holder
) -> None:
    holder.opens(holder.on_paper)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(site)
    page.locator("#positions").get_by_role("link", name="All").click()
    expect(page).to_have_url(f"{site}/positions")
    page.goto(site)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Portfolio").click()
    tabs = page.get_by_role("navigation", name="Portfolio")
    for name in ("Orders", "Trades", "Positions"):
        tabs.get_by_role("link", name=name).click()
        expect(tabs.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")
