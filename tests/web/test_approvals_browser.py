"""Questions in a real browser: they come and go over the socket, and one tap answers."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from mimic.asgi import application
from tests.browser import needs_chromium, shoot, signed_in, watched
from tests.cast import a_quote, a_signal
from tests.web.copies_cast import Copier, now
from tests.web.serving import web_process
from trading.copying.fanout import fan_out
from trading.copying.pending import expire_pending
from trading.models import Order

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True), needs_chromium]


def _ask(copier: Copier, **terms: Any) -> None:
    a_quote()
    valid: Any = {"valid_until": now() + timedelta(seconds=60)} | terms
    signal = a_signal(copier.copy.strategy, entry_price=Decimal(60_000), **valid)
    fan_out(signal_id=signal.pk, now=now())


def test_a_question_comes_live_is_answered_by_a_tap_and_another_goes_by_itself() -> None:
    copier = Copier(mode="approval")
    with (
        web_process(application) as port,
        signed_in(f"http://127.0.0.1:{port}", copier.browser) as context,
    ):
        page = context.new_page()
        errors = watched(page)
        page.goto(f"http://127.0.0.1:{port}/")
        waiting = page.locator("#approvals")
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        expect(waiting).to_be_hidden()
        _ask(copier)
        expect(waiting).to_contain_text("Waiting for you")
        expect(waiting).to_contain_text("BTCUSDT")
        expect(waiting.locator("time, .ticket__time").first).to_contain_text(" s")
        expect(page.locator("#toasts")).to_contain_text("Waits for you: BTCUSDT")
        shoot(page, "home-approval")
        waiting.get_by_role("button", name="Approve").click()
        expect(page.locator("#toasts")).to_contain_text("Decided: Buy")
        expect(waiting).to_be_hidden()
        assert Order.objects.count() == 1
        expect(page.get_by_text("Live", exact=True)).to_be_visible()
        _ask(copier)
        expect(waiting).to_be_visible()
        assert expire_pending(now() + timedelta(seconds=61)) == 1
        expect(waiting).to_be_hidden()
        expect(page.locator("#receipts")).to_contain_text("nobody approved it in time")
        assert errors == []
