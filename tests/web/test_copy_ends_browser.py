"""Stopping, what a copy holds, and joining, in a real browser: three themes, two widths."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from tests.browser import needs_chromium, shoot, signed_in, watched
from tests.cast import a_market, a_quote, a_signal
from tests.execution.paper import now, send_on_paper
from tests.web.copies_cast import Copier
from trading.copying.fanout import fan_out
from trading.copying.targets.gaps import converge_held, converge_lately
from trading.models import Order, SignalFanout

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    needs_chromium,
]


@pytest.fixture
def copier() -> Copier:
    """Holds bitcoin and ether."""
    made = Copier()
    for symbol in ("BTCUSDT", "ETHUSDT"):
        fan_out(signal_id=a_signal(made.copy.strategy, symbol=symbol).pk, now=now())
    send_on_paper()
    return made


@pytest.fixture
def page(live_server: LiveServer, copier: Copier) -> Iterator[Page]:
    with signed_in(live_server.url, copier.browser) as context:
        yield context.new_page()


def test_a_copy_is_stopped_with_its_eyes_open(
    live_server: LiveServer, page: Page, copier: Copier
) -> None:
    errors = watched(page)
    page.goto(f"{live_server.url}/copies")
    page.get_by_role("link", name=f"Stop {copier.copy.strategy.name}").click()
    page.get_by_role("link", name="Close at market now").click()
    expect(page.get_by_text("Closed at market now", exact=True)).to_have_count(2)
    shoot(page, "copy-stop")
    page.get_by_role("button", name="Stop copying: Close at market now").click()
    expect(page.get_by_text("opens nothing new and ends once it is flat.")).to_be_visible()
    expect(page.get_by_text("At work", exact=True)).to_have_count(2)
    assert Order.objects.filter(origin_kind="stop").count() == 2
    shoot(page, "copy-legs")
    assert errors == []


def test_what_cannot_be_closed_is_taken_over_and_what_is_open_is_joined(
    live_server: LiveServer, page: Page, copier: Copier
) -> None:
    errors = watched(page)
    strategy = copier.copy.strategy
    a_market("SOLUSDT", quantity_step=Decimal("0.01"))
    a_quote("150", "SOLUSDT")
    for symbol, entry in (("SOLUSDT", "150.2"), ("XRPUSDT", "0.5")):
        at = now() - timedelta(hours=3)
        signal = a_signal(strategy, symbol=symbol, at=at, entry_price=Decimal(entry))
        SignalFanout.objects.filter(signal=signal).update(done_at=now())
    page.goto(f"{live_server.url}{copier.url('copy-join')}")
    expect(page.get_by_text("Not now", exact=True)).to_have_count(1)
    page.get_by_label("SOLUSDT").check()
    shoot(page, "copy-join-open")
    page.get_by_role("button", name="Join the chosen ones").click()
    expect(page.get_by_text("1 position is being joined.")).to_be_visible()
    closing = a_signal(strategy, action="close", direction="any")
    fan_out(signal_id=closing.pk, now=now())
    Order.objects.filter(reduce_only=True).update(status="rejected", closed_at=now())
    converge_held(now())
    page.goto(f"{live_server.url}{copier.url('copy-legs')}")
    page.get_by_text("Take it over", exact=True).first.click()
    shoot(page, "copy-legs-gap")
    page.get_by_role("button", name="Take it over BTCUSDT").click()
    expect(page.get_by_text("BTCUSDT is your own now.")).to_be_visible()
    assert converge_lately(now() + timedelta(seconds=1)) == 1
    page.reload()
    expect(page.get_by_text("Given up", exact=True)).to_be_visible()
    assert errors == []
