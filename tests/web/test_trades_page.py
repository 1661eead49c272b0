"""Trades: what was closed and earned, sums by filters, the provider's price against mine."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mimic.core.ids import first_id_at
from mimic.dashboard.paging import ON_PAGE
from tests.cast import a_market, a_person
from tests.web.books_cast import Holder, lines_of_file, now
from trading.models import CopySubscription, Fill, Instrument, Trade

pytestmark = pytest.mark.django_db
PAGE = "trades"


@pytest.fixture
def holder() -> Holder:
    return Holder()


def traded(holder: Holder, copy: CopySubscription, bought: str, sold: str, **terms: str) -> Trade:
    """A long that was opened and closed."""
    holder.opens(copy, bought, **terms)
    holder.closes(copy, sold, **terms)
    return Trade.objects.latest("pk")


def test_a_stranger_to_the_site_is_sent_to_sign_in(holder: Holder) -> None:
    trade = traded(holder, holder.on_paper, "60000", "61000")
    for url in (reverse(PAGE), reverse("trades-csv"), reverse("trade", args=[trade.public_id])):
        assert Client().get(url)["Location"].startswith(reverse("account_login"))


def test_somebody_without_trades_reads_one_sentence_and_one_action() -> None:
    browser = Client()
    browser.force_login(a_person())
    text = browser.get(reverse(PAGE)).text
    assert "No trades yet." in text
    assert f'href="{reverse("positions")}"' in text


def test_a_trade_shows_its_result_after_fees(holder: Holder) -> None:
    trade = traded(holder, holder.on_paper, "60000", "61000")
    (line,) = holder.page(PAGE).context["lines"]
    assert line.net == trade.quantity * 1000 - trade.fees > 0
    text = holder.page(PAGE).text
    for shown in ("BTCUSDT", "Long", holder.paper.label, holder.on_paper.strategy.name, "PAPER"):
        assert shown in text


def test_paper_and_real_money_are_never_one_sum(holder: Holder) -> None:
    won = traded(holder, holder.on_live, "60000", "61000")
    lost = traded(holder, holder.on_paper, "60000", "59000")
    live, paper = holder.page(PAGE).context["totals"]
    assert (live.purse.kind, live.count, live.won) == ("live", 1, 1)
    assert (paper.purse.kind, paper.count, paper.won) == ("paper", 1, 0)
    assert live.net == won.profit - won.fees
    assert paper.net == lost.profit - lost.fees < 0
    assert (live.win_pct, paper.win_pct) == (100, 0)


def test_two_currencies_are_never_one_sum(holder: Holder) -> None:
    traded(holder, holder.on_paper, "60000", "61000")
    a_market("ETHUSDT", quote="USDC", quantity_step=Decimal("0.001"))
    traded(holder, holder.on_paper, "3000", "3100", symbol="ETHUSDT")
    totals = holder.page(PAGE).context["totals"]
    assert [(it.purse.currency, it.count) for it in totals] == [("USDC", 1), ("USDT", 1)]


def test_an_instrument_that_left_the_catalogue_keeps_its_trades(holder: Holder) -> None:
    traded(holder, holder.on_paper, "60000", "61000")
    Instrument.objects.all().delete()
    (sums,) = holder.page(PAGE).context["totals"]
    assert (sums.purse.currency, sums.count) == ("USDT", 1)


def test_what_the_fees_ate_counts_as_lost(holder: Holder) -> None:
    traded(holder, holder.on_paper, "60000", "60001")
    (sums,) = holder.page(PAGE).context["totals"]
    assert (sums.won, sums.count, sums.net < 0) == (0, 1, True)


@pytest.mark.parametrize(
    "asked", ["account", "kind", "strategy", "symbol", "result", "since", "until"]
)
def test_a_filter_changes_rows_and_totals_alike(holder: Holder, asked: str) -> None:
    old = traded(holder, holder.on_paper, "60000", "59000")
    then = now() - timedelta(days=40)
    Trade.objects.filter(pk=old.pk).update(id=first_id_at(then), closed_at=then)
    won = traded(holder, holder.on_live, "3000", "3300", symbol="ETHUSDT")
    today = timezone.localdate()
    values: dict[str, object] = {
        "account": holder.live.public_id, "kind": "live", "symbol": "ETHUSDT", "result": "won",
        "strategy": holder.on_live.strategy.public_id, "since": today,
        "until": today - timedelta(days=1),
    }  # fmt: skip
    context = holder.page(PAGE, **{asked: values[asked]}).context
    (line,), (sums,) = context["lines"], context["totals"]
    left = old if asked == "until" else won
    assert line.row.public_id == left.public_id
    assert (sums.count, sums.net) == (1, left.profit - left.fees)


def test_a_trade_that_was_booked_long_after_it_was_over_is_among_those_of_its_day(
    holder: Holder,
) -> None:
    late = traded(holder, holder.on_paper, "60000", "61000")
    traded(holder, holder.on_paper, "60000", "62000")
    over = now() - timedelta(days=40)
    early = traded(holder, holder.on_paper, "60000", "63000")
    Trade.objects.filter(pk=early.pk).update(id=first_id_at(over), closed_at=over)
    Trade.objects.filter(pk=late.pk).update(closed_at=over)
    day = timezone.localdate(over)
    for asked in ({"until": day}, {"until": day + timedelta(days=30)}):
        lines = holder.page(PAGE, **asked).context["lines"]
        assert [it.row.public_id for it in lines] == [late.public_id, early.public_id]
    rows = lines_of_file(holder.browser.get(reverse("trades-csv"), {"until": str(day)}))
    assert len(rows) == 1 + 2


def test_filters_that_leave_nothing_offer_all(holder: Holder) -> None:
    traded(holder, holder.on_paper, "60000", "61000")
    answer = holder.page(PAGE, result="lost")
    assert "No trade fits these filters." in answer.text
    assert answer.context["totals"] == []


def test_a_trade_holds_the_providers_price_against_mine(holder: Holder) -> None:
    holder.opens(holder.on_paper, "60060", entry_price=Decimal(60000))
    holder.closes(holder.on_paper, "61061", entry_price=Decimal(61000))
    answer = holder.page("trade", Trade.objects.get().public_id)
    opening, closing = answer.context["found"].legs
    assert (opening.opens, opening.theirs, opening.mine) == (True, 60000, 60060)
    assert opening.market == 60000
    assert opening.slippage_bp == 10
    assert (closing.opens, closing.theirs, closing.mine) == (False, 61000, 61061)
    assert closing.slippage_bp == -10
    assert "10.0 bp worse" in answer.text
    assert "10.0 bp better" in answer.text


def test_a_provider_who_named_no_price_has_no_slippage(holder: Holder) -> None:
    trade = traded(holder, holder.on_paper, "60000", "61000")
    answer = holder.page("trade", trade.public_id)
    assert [leg.slippage_bp for leg in answer.context["found"].legs] == [None, None]
    assert "none named" in answer.text


def test_a_trade_shows_each_hop_and_leads_to_orders_and_receipts(holder: Holder) -> None:
    opened = holder.opens(holder.on_paper)
    closed = holder.closes(holder.on_paper, "61000")
    answer = holder.page("trade", Trade.objects.get().public_id)
    for order, leg in zip((opened, closed), answer.context["found"].legs, strict=True):
        assert leg.steps.sent_at == order.sent_at
        assert leg.steps.acknowledged_at - leg.steps.sent_at == timedelta(milliseconds=80)
        assert reverse("order", args=[order.public_id]) in answer.text
        assert reverse("receipt", args=[leg.receipt.public_id]) in answer.text
    assert answer.text.count("Acknowledged") == 2


def test_additions_are_legs_and_other_positions_are_not(holder: Holder) -> None:
    traded(holder, holder.on_paper, "58000", "58500")  # the position before
    first = holder.opens(holder.on_paper)
    other = holder.opens(holder.copies(holder.paper), "60500")  # another copy's, same position
    added = holder.opens(holder.on_paper, "61000")
    holder.opens(holder.on_live)
    holder.opens(holder.on_paper, "3000", symbol="ETHUSDT")
    closed = holder.closes(holder.on_paper, "62000")
    trade = Trade.objects.latest("pk")
    legs = holder.page("trade", trade.public_id).context["found"].legs
    assert [leg.order.pk for leg in legs] == [first.pk, added.pk, closed.pk]
    assert other.filled > 0


def test_the_closing_leg_is_the_whole_close_however_many_fills_it_took(holder: Holder) -> None:
    holder.opens(holder.on_paper)
    order = holder.closes(holder.on_paper, "61000", parts=2)
    trade = Trade.objects.get()
    *_, closing = holder.page("trade", trade.public_id).context["found"].legs
    assert (closing.order.pk, closing.quantity) == (order.pk, trade.quantity)
    assert trade.quantity == order.quantity
    assert Fill.objects.filter(order_id=order.pk).count() == 2


def test_a_trade_closed_outside_shows_what_opened_it_alone(holder: Holder) -> None:
    opened = holder.opens(holder.on_paper)
    at = now()
    trade = Trade.objects.create(
        account=holder.paper, closed_by=1, symbol="BTCUSDT", side="long", quantity=opened.quantity,
        entry_price=60000, exit_price=61000, profit=1, fees=0,
        opened_at=at - timedelta(minutes=1), closed_at=at,
    )  # fmt: skip
    answer = holder.page("trade", trade.public_id)
    assert [leg.order.pk for leg in answer.context["found"].legs] == [opened.pk]
    assert "Not from a copy" in answer.text


def test_another_persons_trade_does_not_exist(holder: Holder) -> None:
    trade = traded(holder, holder.on_paper, "60000", "61000")
    browser = Client()
    browser.force_login(a_person())
    assert browser.get(reverse("trade", args=[trade.public_id])).status_code == 404
    context = browser.get(reverse(PAGE), {"account": str(holder.paper.public_id)}).context
    assert (context["lines"], context["totals"]) == ([], [])
    assert len(lines_of_file(browser.get(reverse("trades-csv")))) == 1


def test_totals_of_more_than_a_page_are_fetched_by_the_page(holder: Holder) -> None:
    at = now()
    Trade.objects.bulk_create(
        Trade(
            account=holder.live, closed_by=number, symbol="BTCUSDT", side="long", quantity=1,
            entry_price=60000, exit_price=60003, profit=3, fees=1, closed_at=at,
        )
        for number in range(1, ON_PAGE + 2)
    )  # fmt: skip
    answer = holder.page(PAGE, symbol="BTCUSDT")
    assert answer.context["totals"] is None
    address = answer.context["totals_url"]
    assert f'hx-get="{address}"' in answer.text
    fetched = holder.browser.get(address)
    (sums,) = fetched.context["totals"]
    assert (sums.count, sums.net, sums.won) == (ON_PAGE + 1, 2 * (ON_PAGE + 1), ON_PAGE + 1)
    assert "hx-get" not in fetched.text
    stranger = Client()
    stranger.force_login(a_person())
    assert stranger.get(address).context["totals"] == []


def test_the_file_holds_what_the_filters_leave(holder: Holder) -> None:
    traded(holder, holder.on_paper, "60000", "59000")
    won = traded(holder, holder.on_live, "60000", "61000")
    (line,) = holder.table("trades-csv", result="won")
    assert (line["trade"], line["money"], line["currency"]) == (str(won.public_id), "live", "USDT")
    assert Decimal(line["net"]) == won.profit - won.fees
    assert line["strategy"] == holder.on_live.strategy.name


def test_list_and_trade_cost_the_same_for_more_rows(holder: Holder) -> None:
    trade = traded(holder, holder.on_paper, "60000", "61000")
    few = holder.queries(PAGE), holder.queries("trade", trade.public_id)
    holder.opens(holder.on_live)
    trade = traded(holder, holder.on_live, "60000", "61000")
    traded(holder, holder.on_paper, "3000", "3100", symbol="ETHUSDT")
    # session, person; accounts, copies; ids, rows and their markets, totals and theirs — or the
    # trade, orders, fills, receipts, market
    assert (holder.queries(PAGE), holder.queries("trade", trade.public_id)) == few == (9, 9)
