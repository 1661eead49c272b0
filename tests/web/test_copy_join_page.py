"""Joining on its page and in the API: shown first, decided anew, told what was ordered."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from signals.models import Signal
from tests.api.cast import get, post, signed_in
from tests.cast import a_person, a_quote, a_signal
from tests.web.copies_cast import Copier, now
from trading.models import Order, SignalFanout

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def copier() -> Copier:
    return Copier()


def said(copier: Copier, symbol: str = "BTCUSDT", entry: int = 59_900) -> Signal:
    at = now() - timedelta(hours=3)
    signal = a_signal(copier.copy.strategy, symbol=symbol, at=at, entry_price=Decimal(entry))
    SignalFanout.objects.filter(signal=signal).update(done_at=now())
    return signal


def page(copier: Copier) -> str:
    return str(copier.browser.get(copier.url("copy-join")).text)


def test_without_anything_open_the_next_signal_is_copied(copier: Copier) -> None:
    assert "Its next signal is copied." in page(copier)
    assert copier.url("copy-join") in copier.browser.get(copier.url("copy-legs")).text


def test_what_rules_allow_may_be_chosen_and_is_ordered_once(copier: Copier) -> None:
    allowed, far = said(copier), said(copier, "ETHUSDT", entry=2_500)
    text = page(copier)
    for shown in ("59,900.0", "60,000.0", "Allowed", "Not now", "the price had moved too far"):
        assert shown in text
    assert f'value="{allowed.public_id}"' in text
    assert f'value="{far.public_id}"' not in text
    chosen = {"signal": [str(allowed.public_id), str(far.public_id)]}
    told = copier.browser.post(copier.url("copy-join"), chosen, follow=True).text
    assert "1 position is being joined." in told
    assert "ETHUSDT: Skipped: the price had moved too far" in told
    again = copier.browser.post(copier.url("copy-join"), chosen, follow=True).text
    assert "being joined" not in again
    assert Order.objects.get().origin_id == allowed.pk


def test_prices_that_moved_after_the_page_was_drawn_are_met_anew(copier: Copier) -> None:
    signal = said(copier)
    page(copier)
    a_quote("61000")
    chosen = {"signal": [str(signal.public_id)]}
    told = copier.browser.post(copier.url("copy-join"), chosen, follow=True).text
    assert "BTCUSDT: Skipped: the price had moved too far" in told
    assert not Order.objects.exists()


def test_strangers_join_nothing(copier: Copier) -> None:
    stranger = Client()
    stranger.force_login(a_person())
    url = copier.url("copy-join")
    assert stranger.get(url).status_code == stranger.post(url).status_code == 404
    assert Client().get(url)["Location"].startswith(reverse("account_login"))


def test_the_api_previews_and_joins(copier: Copier) -> None:
    signal = said(copier)
    client, path = signed_in(copier.user), f"subscriptions/{copier.copy.public_id}/join"
    (seen,) = get(client, path)
    assert (seen["symbol"], seen["side"], seen["code"]) == ("BTCUSDT", "long", "planned")
    assert Decimal(seen["margin"]) > 0
    answer = post(client, path, {"signals": [str(signal.public_id)]})
    assert (answer.status_code, answer.json()[0]["quantity"]) == (200, seen["quantity"])
    assert get(client, path) == []


def test_a_preview_costs_a_few_queries_a_position(copier: Copier) -> None:
    said(copier)
    page(copier)
    with CaptureQueriesContext(connection) as one:
        page(copier)
    said(copier, "ETHUSDT", entry=3_000)
    with CaptureQueriesContext(connection) as two:
        page(copier)
    assert len(two) - len(one) <= 6
