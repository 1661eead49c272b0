"""On a copy's page: what is set at the exchange for it, and why something is not as wanted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import told_leverage
from tests.web.copies_cast import Copier
from trading.copying.venue_setting_wording import reason_of
from trading.execution.venue_settings import CHANGED, NO_ANSWER
from trading.models import VenueSetting

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def copier() -> Copier:
    return Copier()


def test_a_copy_for_which_nothing_is_set_says_why(copier: Copier) -> None:
    page = copier.browser.get(copier.url()).text
    assert "Nothing is set yet" in page


def test_each_symbol_shows_what_is_wanted_what_is_set_and_the_reason(copier: Copier) -> None:
    told_leverage(copier.account, leverage=5)
    told_leverage(
        copier.account, "ETHUSDT", leverage=3, wanted=8, state="changed", code=CHANGED,
        margin_mode="isolated",
    )  # fmt: skip
    answer = copier.browser.get(copier.url())
    bitcoin, ether = answer.context["at_venue"]
    assert (bitcoin.symbol, bitcoin.wanted, bitcoin.leverage, bitcoin.reason) == (
        "BTCUSDT",
        5,
        5,
        "",
    )
    assert (ether.wanted, ether.leverage, ether.margin_mode) == (8, 3, "Isolated")
    assert "Changed at the venue" in answer.text
    assert "It was changed at the exchange, and is left so." in answer.text


def test_anothers_account_is_not_shown(copier: Copier) -> None:
    stranger = Copier()
    told_leverage(stranger.account, leverage=7)
    assert copier.browser.get(copier.url()).context["at_venue"] == []
    assert copier.browser.get(stranger.url()).status_code == 404


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, ""),
        ({"code": NO_ANSWER, "message": "HTTP 503"}, "The exchange did not answer"),
        ({"code": "venue.mode_has_exposure"}, "only without open positions"),
        ({"code": "venue.new", "message": "Not today"}, "Not today"),
        ({"code": "venue.new"}, "The exchange refused it: venue.new"),
    ],
)
def test_a_reason_is_told_in_words(fields: dict[str, Any], said: str) -> None:
    assert reason_of(VenueSetting(**fields)).count(said) >= 1
    assert bool(reason_of(VenueSetting(**fields))) is bool(fields)
