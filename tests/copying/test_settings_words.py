"""Settings as people read them, and what is told of an account's own at its venue."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.cast import a_follower, a_market, a_strategy, an_account, told_leverage
from tests.execution.paper import now
from trading.copying.settings import SettingsInvalid, change_settings
from trading.copying.settings_wording import reason_name, value_text
from trading.copying.venue_leverage import plan_venue_settings
from trading.copying.venue_setting_wording import AtVenue, settings_at_venue
from trading.domain.ports import Credentials
from trading.models import VenueSetting

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal

TEXTS: list[tuple[str, Any, str]] = [
    ("sizing_mode", "moon", "moon"),
    ("leverage_mode", "fixed", "Fixed"),
    ("max_open", None, "—"),
    ("allowed_symbols", [], "—"),
    ("symbol_leverage", {}, "—"),
    ("allowed_symbols", ["BTCUSDT", "ETHUSDT"], "BTCUSDT, ETHUSDT"),
    ("symbol_leverage", {"BTCUSDT": 3, "ETHUSDT": 5}, "BTCUSDT 3×, ETHUSDT 5×"),
    ("allocation_pct", D("60.00"), "60%"),
    ("fixed_leverage", 7, "7×"),
    ("max_notional", D("3.50"), "3.5 × equity"),
    ("max_open", 4, "4"),
    ("max_age", 30, "30 s"),
]


@pytest.mark.django_db(False)
def test_a_value_is_written_with_its_unit() -> None:
    for name, value, text in TEXTS:
        assert value_text(name, value) == text
    assert value_text("sizing_mode", "equity_pct") != "equity_pct"
    assert reason_name("stale_price") == "no fresh price"
    assert reason_name("something_quite_new") == "something quite new"


def test_an_account_at_its_venue_by_symbol() -> None:
    account = an_account(keys=Credentials("key", "secret"))
    copy = a_follower(a_strategy().strategy, account=account)
    told_leverage(an_account(keys=Credentials("key", "secret")), "ADAUSDT")
    told_leverage(
        account, "ETHUSDT", leverage=4, margin_mode="isolated", wanted=9, state="refused",
        code="venue.odd", message="",
    )  # fmt: skip
    read_at = dict(VenueSetting.objects.filter(account=account).values_list("symbol", "read_at"))
    refused = "The exchange refused it: venue.odd"
    assert settings_at_venue(copy) == [
        AtVenue("BTCUSDT", 125, 125, "Cross", "As wanted", "up", "", read_at["BTCUSDT"]),
        AtVenue("ETHUSDT", 9, 4, "Isolated", "Refused", "warn", refused, read_at["ETHUSDT"]),
    ]
    VenueSetting.objects.update(message="No.")
    assert settings_at_venue(copy)[1].reason == "No."
    VenueSetting.objects.update(code="venue.auth")
    assert settings_at_venue(copy)[1].reason == "The keys may not change it."


def test_a_symbol_that_only_another_venue_trades_is_not_taken_and_one_kept_is_not_asked() -> None:
    a_market("ADAUSDT", venue="bybit")
    a_market("BTCUSDT")
    copy = a_follower(a_strategy().strategy, blocked_symbols=["OLDUSDT"])
    wanted = {"blocked_symbols": ["OLDUSDT", "BTCUSDT", "ADAUSDT", "XUSDT"]}
    with pytest.raises(SettingsInvalid) as refused:
        change_settings(subscription=copy, values=wanted, now=now())
    assert refused.value.errors == [
        {
            "pointer": "/blocked_symbols", "code": "unknown_symbol",
            "detail": "Not traded at this account's venue: ADAUSDT, XUSDT.",
        }
    ]  # fmt: skip
    del wanted["blocked_symbols"][2:]
    made = change_settings(subscription=copy, values=wanted, now=now()).settings
    assert made.blocked_symbols == ["OLDUSDT", "BTCUSDT"]


def test_a_symbol_that_is_only_allowed_was_signalled_by_nobody() -> None:
    a_market()
    copy = a_follower(
        a_strategy().strategy, account=an_account(keys=Credentials("key", "secret")),
        leverage_mode="fixed", fixed_leverage=6, allowed_symbols=["BTCUSDT"],
    )  # fmt: skip
    VenueSetting.objects.all().delete()
    plan_venue_settings(now=now())
    row = VenueSetting.objects.get(account=copy.account)
    assert (row.wanted, row.planned_for) == (6, 0)
