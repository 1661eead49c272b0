"""Copy settings of one copy: the form, its errors, the preview, over-allocation, the history."""

from __future__ import annotations

import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.web.copies_cast import Copier
from trading.copying.settings import FIELDS
from trading.copying.settings_wording import LIMIT_GROUPS, LIMITS, MODES, NAMES, reason_name
from trading.domain.limits import NAMES as LIMIT_NAMES
from trading.domain.receipts import Code
from trading.domain.sizing import SizingMode
from trading.models import CopyExecution, CopySettings, RiskLimits

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture
def copier() -> Copier:
    return Copier()


def in_force(copier: Copier) -> CopySettings:
    copier.copy.refresh_from_db()
    return copier.copy.settings


def test_every_setting_has_a_field_a_name_and_each_mode_its_sentence(copier: Copier) -> None:
    form = copier.browser.get(copier.url()).context["form"]
    assert set(form.fields) == {*FIELDS, "version", "over_allocate"}
    assert NAMES.keys() == set(FIELDS)
    assert tuple(LIMITS) == LIMIT_NAMES
    assert sorted(name for _, group in LIMIT_GROUPS for name in group) == sorted(LIMIT_NAMES)
    assert [mode.value for mode in MODES] == list(SizingMode)
    page = copier.browser.get(copier.url()).text
    for mode in MODES:
        assert str(mode.sentence).replace("'", "&#x27;") in page


def test_a_limit_stands_beside_its_field_with_who_set_it(copier: Copier) -> None:
    RiskLimits.objects.create(
        scope="strategy", target=copier.copy.strategy_id, max_position_pct=D("2.5")
    )
    page = copier.browser.get(copier.url()).text
    assert "In force: 2.5%, set by the strategy" in page
    assert "In force: 60 s, set by platform" in page
    copier.save(max_open="2")
    assert "In force: 2, set by your settings" in copier.browser.get(copier.url()).text


def test_saving_makes_a_version_of_what_changed_and_says_when_it_acts(copier: Copier) -> None:
    given = {
        "sizing_value": "2.5",
        "blocked_symbols": "eth/usdt",
        "symbol_leverage": "BTCUSDT 10\nETHUSDT=3",
        "leverage_mode": "fixed",
        "fixed_leverage": "4",
        "max_risk_pct": "1.5",
    }
    answer = copier.save(**given)
    assert (answer.status_code, answer["Location"]) == (302, copier.url())
    page = copier.browser.get(copier.url())
    assert "Saved as version 2. It acts on new positions." in page.text
    made = in_force(copier)
    assert (made.version, made.sizing_value, made.max_risk_pct) == (2, D("2.5"), D("1.5"))
    assert made.blocked_symbols == ["ETHUSDT"]
    assert made.symbol_leverage == {"BTCUSDT": 10, "ETHUSDT": 3}
    (newest, first) = page.context["versions"]
    assert [it.label for it in newest.changes] == [
        "Value", "Leverage taken", "Fixed leverage", "Leverage of single symbols",
        "Never these symbols", "Loss at the stop of one trade",
    ]  # fmt: skip
    assert (newest.changes[0].before, newest.changes[0].after) == ("5", "2.5")
    assert first.changes == []


def test_a_form_sent_as_it_was_drawn_makes_no_version(copier: Copier) -> None:
    rich = {"symbol_leverage": "BTCUSDT 10", "allowed_symbols": "BTCUSDT, ETHUSDT", "max_age": "9"}
    copier.save(**rich)
    answer = copier.browser.post(copier.url(), copier.filled(), follow=True)
    assert "Nothing was changed." in answer.text
    assert in_force(copier).version == 2


def test_an_emptied_limit_is_left_to_the_wider_ones(copier: Copier) -> None:
    copier.save(max_open="2")
    copier.save(max_open="")
    assert in_force(copier).max_open is None


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"sizing_value": ""}, "sizing_value", "This field is required."),
    ({"sizing_value": "much"}, "sizing_value", "Enter a number."),
    ({"sizing_value": "0"}, "sizing_value", "It must be above 0."),
    ({"sizing_value": "101"}, "sizing_value", "A percentage is at most 100."),
    (
        {"sizing_mode": "multiplier", "sizing_value": "3"},
        "sizing_value",
        "A multiple is from 0.1 to 2.",
    ),
    ({"sizing_mode": "all_in"}, "sizing_mode", "Select a valid choice."),
    ({"allocation_pct": "100.1"}, "allocation_pct", "It must be above 0 and at most 100."),
    ({"risk_multiplier": "11"}, "risk_multiplier", "It must be above 0 and at most 10."),
    ({"leverage_mode": "fixed"}, "fixed_leverage", "A fixed leverage needs a number."),
    ({"symbol_leverage": "BTCUSDT ten"}, "symbol_leverage", "Not like BTCUSDT 10: BTCUSDT ten."),
    (
        {"symbol_leverage": "BTCUSDT 126"},
        "symbol_leverage",
        "A leverage is a whole number from 1 to 125.",
    ),
    (
        {"leverage_mode": "fixed", "fixed_leverage": "126"},
        "fixed_leverage",
        "A leverage is a whole number from 1 to 125.",
    ),
    ({"allowed_symbols": "b!tcoin"}, "allowed_symbols", "Not like BTCUSDT: b!tcoin."),
    (
        {"blocked_symbols": "BTCUDST"},
        "blocked_symbols",
        "Not traded at this account&#x27;s venue: BTCUDST.",
    ),
    ({"max_position_pct": "0"}, "max_position_pct", "It must be above 0."),
    ({"max_position_pct": "1.00001"}, "max_position_pct", "no more than 4 decimal places"),
    ({"max_open": "2.5"}, "max_open", "Enter a whole number."),
    ({"max_spread_pct": "-1"}, "max_spread_pct", "It must be above 0."),
]


@pytest.mark.parametrize(("changes", "field", "said"), WRONG)
def test_each_mistake_stands_at_its_field_and_in_the_preview(
    copier: Copier, changes: dict[str, Any], field: str, said: str
) -> None:
    answer = copier.save(**changes)
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {field}
    assert said in answer.text
    assert in_force(copier).version == 1
    told = copier.preview(**changes)
    assert said in told
    assert f'href="#id_{field}"' in told
    assert f'id="id_{field}"' in answer.text, "the link leads to the field"


def test_more_than_is_left_is_asked_about_and_then_done(copier: Copier) -> None:
    copier.copies(allocation_pct=D(70))
    page = copier.browser.get(copier.url()).text
    assert f"Your other copies leave 30% of {copier.account.label}." in page
    assert "over_allocate" not in page
    asked = copier.save(allocation_pct="50")
    assert asked.status_code == 409
    assert "30 % of the account is left." in asked.text
    assert 'name="over_allocate"' in asked.text
    assert in_force(copier).version == 1
    assert copier.save(allocation_pct="50", over_allocate="on").status_code == 302
    assert in_force(copier).allocation_pct == 50


def test_a_copy_that_has_more_than_is_left_may_keep_it_or_give_some_back(copier: Copier) -> None:
    copier.copies(allocation_pct=D(90))
    assert copier.save(max_open="2").status_code == 302
    assert "your other copies leave" not in copier.preview(allocation_pct="30")
    assert copier.save(allocation_pct="30").status_code == 302
    assert copier.save(allocation_pct="31").status_code == 409


def test_a_form_drawn_before_another_change_is_not_saved_over_it(copier: Copier) -> None:
    old = copier.filled(max_open="3")
    copier.save(sizing_value="1")
    answer = copier.browser.post(copier.url(), old)
    assert answer.status_code == 409
    assert "The settings changed meanwhile." in answer.text
    assert in_force(copier).max_open is None


def test_the_preview_compares_the_last_five_opens_and_writes_nothing(copier: Copier) -> None:
    copier.signalled(*["BTCUSDT"] * 6)
    told = copier.preview(sizing_value="1", blocked_symbols="ETHUSDT")
    assert told.count('class="compare"') == 5
    assert told.count("data-differs") == 5
    assert "4000 × 5 % × 5 ÷ 60000 = 0.01666666; rounded to 0.016 (step 0.001)" in told
    assert "4000 × 1 % × 5 ÷ 60000 = 0.00333333; rounded to 0.003 (step 0.001)" in told
    assert "planned" in told
    nothing = copier.preview(blocked_symbols="BTCUSDT")
    assert "Skipped: your settings leave out BTCUSDT." in nothing
    assert "symbol_not_allowed" in nothing
    assert not CopyExecution.objects.exists()
    assert in_force(copier).version == 1


def test_the_preview_says_so_while_nothing_is_changed_or_nothing_was_signalled(
    copier: Copier,
) -> None:
    assert "This strategy has opened nothing yet." in copier.preview()
    copier.receive()
    same = copier.preview()
    assert "Nothing is changed yet." in same
    assert "data-differs" not in same


def test_the_preview_warns_of_more_than_is_left(copier: Copier) -> None:
    copier.copies(allocation_pct=D(70))
    assert "more than the 30% your other copies leave" in copier.preview(allocation_pct="41")
    assert "your other copies leave" not in copier.preview(allocation_pct="40")


def test_the_history_comes_as_csv_with_every_value(copier: Copier) -> None:
    copier.save(blocked_symbols="ETHUSDT", symbol_leverage="BTCUSDT 10")
    answer = copier.browser.get(copier.url("copy-settings-csv"))
    assert answer["Content-Type"] == "text/csv"
    assert "copy-settings.csv" in answer["Content-Disposition"]
    rows = list(csv.DictReader(StringIO(answer.getvalue().decode())))
    assert [row["version"] for row in rows] == ["2", "1"]
    assert rows[0]["changed"] == "symbol_leverage blocked_symbols"
    assert (rows[0]["blocked_symbols"], rows[0]["symbol_leverage"]) == ("ETHUSDT", "BTCUSDT=10")
    assert set(rows[0]) == {"version", "made_at", "changed", *FIELDS}


def test_a_page_of_history_ends_at_twenty_and_still_names_what_the_last_changed(
    copier: Copier,
) -> None:
    for number in range(1, 22):
        copier.save(max_age=str(number))
    versions = copier.browser.get(copier.url()).context["versions"]
    assert [it.number for it in versions] == list(range(22, 2, -1))
    assert len(versions[-1].changes) == 1


def test_the_pages_cost_the_same_for_more_versions_and_signals(copier: Copier) -> None:
    copier.receive()
    copier.preview()
    few = _queries(copier)
    for number in range(1, 6):
        copier.save(max_age=str(30 + number))
        copier.receive()
    copier.preview()  # the settings are known to this process from here on
    # Session, person, copy; accounts, limits, what is left, what is set at the exchange, versions -
    # and for the preview signals, follower, limits twice, market, hours, windows, what is left.
    assert _queries(copier) == few == (8, 10)


def _queries(copier: Copier) -> tuple[int, int]:
    filled = copier.filled()
    with CaptureQueriesContext(connection) as page:
        copier.browser.get(copier.url())
    with CaptureQueriesContext(connection) as preview:
        copier.browser.post(copier.url("copy-settings-preview"), filled)
    return len(page), len(preview)


def test_every_reason_to_skip_has_a_short_name() -> None:
    told = {"planned", "executed", "awaiting_approval", "outcome_unknown", "needs_person"}
    unnamed = [c.value for c in Code if reason_name(c.value) == c.value.replace("_", " ")]
    same = {"kill_switch", "no_stop", "wide_spread", "market_closed", "no_free_margin",
            "signal_too_old", "nothing_to_close", "closed_before_sent", "venue_down",
                "thin_book", "closed_before_filled",
            "venue_busy"}  # fmt: skip
    assert set(unnamed) <= told | same
