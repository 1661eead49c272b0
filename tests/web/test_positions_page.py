"""Open positions: what each is made of and worth, sums that never mix money, filters, CSV."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import a_person, a_quote
from tests.web.books_cast import Holder, lines_of_file, now
from trading.models import InstrumentQuote, Position

pytestmark = pytest.mark.django_db
PAGE = "positions"


@pytest.fixture
def holder() -> Holder:
    return Holder()


def test_a_stranger_to_the_site_is_sent_to_sign_in() -> None:
    for name in (PAGE, "positions-csv"):
        assert Client().get(reverse(name))["Location"].startswith(reverse("account_login"))


def test_somebody_without_positions_reads_one_sentence_and_one_action() -> None:
    browser = Client()
    browser.force_login(a_person())
    text = browser.get(reverse(PAGE)).text
    assert "No open positions." in text
    assert f'href="{reverse("copies")}"' in text


def test_a_position_shows_what_it_is_worth_at_the_mark(holder: Holder) -> None:
    order = holder.opens(holder.on_paper)
    a_quote("61000")
    (line,) = holder.page(PAGE).context["lines"]
    assert (line.held.side, line.held.size, line.held.mark) == ("long", order.quantity, 61000)
    assert line.held.profit == order.quantity * 1000
    assert line.held.margin == order.quantity * 60000 / 5
    text = holder.page(PAGE).text
    for shown in ("BTCUSDT", "Long 5x", holder.paper.label, "61,000.0", "▲", "PAPER"):
        assert shown in text


def test_a_losing_position_says_so_without_colour(holder: Holder) -> None:
    order = holder.opens(holder.on_paper)
    a_quote("59000")
    text = holder.page(PAGE).text
    assert "▼" in text
    assert f"\N{MINUS SIGN}{order.quantity * 1000:.2f}" in text


def test_two_copies_on_one_account_are_shares_of_one_position(holder: Holder) -> None:
    other = holder.copies(holder.paper)
    first, second = holder.opens(holder.on_paper), holder.opens(other, "62000")
    (line,) = holder.page(PAGE).context["lines"]
    assert [(it.strategy, it.held.quantity, it.held.entry) for it in line.shares] == [
        (holder.on_paper.strategy.name, first.quantity, 60000),
        (other.strategy.name, second.quantity, 62000),
    ]
    assert line.apart == 0
    assert line.held.size == first.quantity + second.quantity


def test_what_no_copy_asked_for_is_named_as_such(holder: Holder) -> None:
    order = holder.opens(holder.on_paper)
    Position.objects.update(quantity=order.quantity + 1)
    answer = holder.page(PAGE)
    (line,) = answer.context["lines"]
    assert line.apart == 1
    assert "Not from a copy" in answer.text


def test_paper_and_real_money_are_never_one_sum(holder: Holder) -> None:
    holder.opens(holder.on_paper)
    holder.opens(holder.on_live)
    a_quote("61000")
    totals = holder.page(PAGE).context["totals"]
    assert [(it.purse.kind, it.purse.currency, it.count) for it in totals] == [
        ("live", "USDT", 1),
        ("paper", "USDT", 1),
    ]
    assert "PAPER + LIVE" in holder.page(PAGE).text


@pytest.mark.parametrize("name", ["account", "kind", "strategy"])
def test_a_filter_changes_rows_and_totals_alike(holder: Holder, name: str) -> None:
    holder.opens(holder.on_paper)
    order = holder.opens(holder.on_live, symbol="ETHUSDT", price="3000")
    a_quote("3100", "ETHUSDT")
    asked = {
        "account": holder.live.public_id,
        "kind": "live",
        "strategy": holder.on_live.strategy.public_id,
    }
    context = holder.page(PAGE, **{name: asked[name]}).context
    assert [line.row.symbol for line in context["lines"]] == ["ETHUSDT"]
    (sums,) = context["totals"]
    assert (sums.count, sums.profit) == (1, order.quantity * 100)


def test_an_exchange_without_positions_leaves_none_and_offers_all(holder: Holder) -> None:
    holder.opens(holder.on_paper)
    assert len(holder.page(PAGE, venue=holder.paper.venue_id).context["lines"]) == 1
    holder.live.venue_id = "bybit"
    holder.live.save()
    answer = holder.page(PAGE, venue="bybit")
    assert answer.context["lines"] == []
    assert "No open position fits these filters." in answer.text


def test_a_strategys_filter_counts_its_share_alone(holder: Holder) -> None:
    other = holder.copies(holder.paper)
    holder.opens(holder.on_paper)
    mine = holder.opens(other, "62000")
    a_quote("63000")
    context = holder.page(PAGE, strategy=other.strategy.public_id).context
    (line,) = context["lines"]
    assert (line.held.size, line.held.entry, line.apart) == (mine.quantity, 62000, 0)
    assert context["totals"][0].profit == mine.quantity * 1000


def test_a_filter_that_makes_no_sense_says_so_and_filters_nothing(holder: Holder) -> None:
    holder.opens(holder.on_paper)
    answer = holder.page(PAGE, account="0198f2c4-0000-7000-8000-000000000078")
    assert len(answer.context["lines"]) == 1
    assert "errorlist" in answer.text


def test_an_old_mark_is_shown_as_old_and_a_missing_one_as_missing(holder: Holder) -> None:
    holder.opens(holder.on_paper)
    assert "data-stale>" not in holder.page(PAGE).text
    InstrumentQuote.objects.update(at=now() - timedelta(seconds=11))
    answer = holder.page(PAGE)
    assert answer.text.count("data-stale>") == 2  # the row, and the sum that it is in
    assert "some prices are old" in answer.text
    InstrumentQuote.objects.all().delete()
    answer = holder.page(PAGE)
    (sums,) = answer.context["totals"]
    assert (sums.profit, sums.unmarked) == (None, 1)
    assert "1 without a price" in answer.text


def test_what_was_closed_is_gone(holder: Holder) -> None:
    holder.opens(holder.on_paper)
    holder.closes(holder.on_paper)
    assert holder.page(PAGE).context["lines"] == []


def test_nobody_sees_another_persons_positions(holder: Holder) -> None:
    holder.opens(holder.on_paper)
    browser = Client()
    browser.force_login(a_person())
    asked = {"account": str(holder.paper.public_id)}
    assert browser.get(reverse(PAGE), asked).context["lines"] == []
    assert len(lines_of_file(browser.get(reverse("positions-csv")))) == 1


def test_the_file_holds_what_the_page_shows(holder: Holder) -> None:
    holder.opens(holder.on_paper)
    order = holder.opens(holder.on_live)
    (line,) = holder.table("positions-csv", kind="live")
    assert (line["account"], line["money"], line["side"]) == (holder.live.label, "live", "long")
    assert Decimal(line["quantity"]) == order.quantity
    assert line["shares"].startswith(holder.on_live.strategy.name)
    assert f'href="{reverse("positions-csv")}?kind=live"' in holder.page(PAGE, kind="live").text


def test_the_page_costs_the_same_for_more_positions(holder: Holder) -> None:
    holder.opens(holder.on_paper)
    few = holder.queries(PAGE)
    for copy in (holder.on_paper, holder.on_live):
        holder.opens(copy, "3000", symbol="ETHUSDT")
    holder.opens(holder.copies(holder.live))
    # session, person; accounts, copies; positions, markets, shares
    assert holder.queries(PAGE) == few == 7


def test_a_position_leads_to_the_orders_that_made_it(holder: Holder) -> None:
    order = holder.opens(holder.on_paper)
    holder.opens(holder.on_live)
    holder.opens(holder.on_paper, "3000", symbol="ETHUSDT")
    asked = f"?account={holder.paper.public_id}&symbol=BTCUSDT"
    assert asked.replace("&", "&amp;") in holder.page(PAGE).text
    lines = holder.browser.get(reverse("orders") + asked).context["lines"]
    assert [line.row.pk for line in lines] == [order.pk]
