"""Orders: the list by key with its filters, one order with its whole story, the file."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mimic.core.ids import first_id_at
from mimic.dashboard.paging import ON_PAGE
from tests.cast import a_person
from tests.web.books_cast import Holder, lines_of_file, now
from trading.domain.orders import OrderStatus
from trading.models import Order, OrderEvent

pytestmark = pytest.mark.django_db
PAGE = "orders"


@pytest.fixture
def holder() -> Holder:
    return Holder()


def listed(holder: Holder, **asked: object) -> list[int]:
    return [line.row.pk for line in holder.page(PAGE, **asked).context["lines"]]


def test_a_stranger_to_the_site_is_sent_to_sign_in(holder: Holder) -> None:
    order = holder.plans(holder.on_paper)
    for url in (reverse(PAGE), reverse("orders-csv"), reverse("order", args=[order.public_id])):
        assert Client().get(url)["Location"].startswith(reverse("account_login"))


def test_somebody_without_orders_reads_one_sentence_and_one_action() -> None:
    browser = Client()
    browser.force_login(a_person())
    text = browser.get(reverse(PAGE)).text
    assert "No orders yet." in text
    assert f'href="{reverse("copies")}"' in text


def test_orders_of_all_accounts_come_newest_first_with_what_became_of_them(holder: Holder) -> None:
    first = holder.opens(holder.on_paper)
    second = holder.refused(holder.on_live)
    third = holder.closes(holder.on_paper)
    assert listed(holder) == [third.pk, second.pk, first.pk]
    text = holder.page(PAGE).text
    for shown in ("Filled", "Rejected", "Sell to close", holder.live.label, "PAPER", "LIVE"):
        assert shown in text
    assert holder.on_live.strategy.name in text


@pytest.mark.parametrize(
    "asked", ["account", "kind", "strategy", "symbol", "status", "since", "until"]
)
def test_each_filter_leaves_what_it_names(holder: Holder, asked: str) -> None:
    old = holder.opens(holder.on_paper)
    then = now() - timedelta(days=40)
    Order.objects.filter(pk=old.pk).update(id=first_id_at(then), created_at=then)
    new = holder.refused(holder.on_live, symbol="ETHUSDT")
    day = str(timezone.localdate())
    values = {
        "account": holder.live.public_id, "kind": "live", "symbol": "eth/usdt",
        "strategy": holder.on_live.strategy.public_id, "status": "rejected", "since": day,
    }  # fmt: skip
    if asked == "until":
        assert listed(holder, until=timezone.localdate() - timedelta(days=1)) == [first_id_at(then)]
    else:
        assert listed(holder, **{asked: values[asked]}) == [new.pk]


def test_the_day_of_the_last_filter_is_included_as_the_person_counts_days(holder: Holder) -> None:
    order = holder.opens(holder.on_paper)
    holder.user.time_zone = "Pacific/Kiritimati"
    holder.user.save()
    here = timezone.localdate(order.created_at, ZoneInfo("Pacific/Kiritimati"))
    assert listed(holder, since=here, until=here) == [order.pk]
    assert listed(holder, until=here - timedelta(days=1)) == []


def test_days_the_wrong_way_around_and_odd_words_are_said_beside_their_fields(
    holder: Holder,
) -> None:
    order = holder.opens(holder.on_paper)
    answer = holder.page(PAGE, since="2026-02-02", until="2026-01-01", symbol="!!", status="odd")
    assert "Before the first day." in answer.text
    assert "Not like BTCUSDT." in answer.text
    assert [line.row.pk for line in answer.context["lines"]] == [order.pk]
    for odd in ("0001-01-01", "9999-12-31", "yesterday"):
        assert holder.page(PAGE, since=odd, until=odd).status_code == 200


def test_pages_follow_each_other_without_a_gap_over_all_accounts(holder: Holder) -> None:
    order = holder.opens(holder.on_paper)
    many = [
        Order(
            **{
                **{f.attname: getattr(order, f.attname) for f in Order._meta.concrete_fields},
                "id": order.pk - number * 10,
                "public_id": f"0198f2c4-0000-7000-8000-{number:012}",
                "origin_id": number,
                "account_id": (holder.paper.pk, holder.live.pk)[number % 2],
            }
        )
        for number in range(1, 2 * ON_PAGE + 11)
    ]
    Order.objects.bulk_create(many)
    seen: list[int] = []
    query = ""
    while True:
        context = holder.browser.get(reverse(PAGE) + query).context
        seen += [line.row.pk for line in context["lines"]]
        if not (query := context["next_url"]):
            break
    assert seen == sorted((row.pk for row in Order.objects.all()), reverse=True)
    assert len(seen) == 2 * ON_PAGE + 11


def test_an_order_tells_its_whole_story(holder: Holder) -> None:
    order = holder.opens(holder.on_paper, parts=2)
    answer = holder.page("order", order.public_id)
    found = answer.context["found"]
    assert [event.became_label for event in found.events] == ["Sending", "Open", "Filled"]
    assert [event.cause for event in found.events][-1] == "Filled in full"
    assert len(found.fills) == 2
    assert found.receipt.pk == order.execution_id
    assert reverse("receipt", args=[found.receipt.public_id]) in answer.text
    attempt = order.tries.get()
    for shown in (attempt.client_id, "Filled in full.", "Confirmed", found.fills[0].trade_id):
        assert shown in answer.text


def test_a_refusal_is_told_in_the_venues_words(holder: Holder) -> None:
    order = holder.refused(holder.on_live)
    text = holder.page("order", order.public_id).text
    for shown in ("Refused: nothing of it stands at the exchange.", "Margin is short.", "-2019"):
        assert shown in text


def test_an_unclear_answer_says_that_nothing_is_sent_twice(holder: Holder) -> None:
    order = holder.lost(holder.on_live)
    assert "nothing is sent twice" in holder.page("order", order.public_id).text


def test_an_order_that_was_never_sent_says_that_nothing_reached_the_exchange(
    holder: Holder,
) -> None:
    order = holder.plans(holder.on_live)
    text = holder.page("order", order.public_id).text
    assert "Never posted: nothing reached the exchange." in text
    assert "Nothing yet: the order waits to be sent." in text


@pytest.mark.parametrize("status", OrderStatus)
def test_every_state_has_words_for_what_it_means(holder: Holder, status: OrderStatus) -> None:
    order = holder.plans(holder.on_paper)
    ended = {"closed_at": now()} if status in ("filled", "rejected", "cancelled", "expired") else {}
    Order.objects.filter(pk=order.pk).update(status=status.value, **ended)
    assert holder.page("order", order.public_id).context["found"].meaning


def test_an_event_that_nobody_worded_yet_is_shown_as_it_is(holder: Holder) -> None:
    order = holder.plans(holder.on_paper)
    OrderEvent.objects.create(order_id=order.pk, was="x", became="y", cause="ask", at=now())
    (event,) = holder.page("order", order.public_id).context["found"].events
    assert (event.became_label, event.cause) == ("y", "ask")


def test_another_persons_order_does_not_exist(holder: Holder) -> None:
    order = holder.opens(holder.on_paper)
    browser = Client()
    browser.force_login(a_person())
    assert browser.get(reverse("order", args=[order.public_id])).status_code == 404
    assert browser.get(reverse(PAGE)).context["lines"] == []
    assert len(lines_of_file(browser.get(reverse("orders-csv")))) == 1


def test_the_receipt_leads_to_its_order(holder: Holder) -> None:
    order = holder.opens(holder.on_paper)
    receipt = holder.page("order", order.public_id).context["found"].receipt
    text = holder.page("receipt", receipt.public_id).text
    assert reverse("order", args=[order.public_id]) in text


def test_the_file_holds_what_the_filters_leave(holder: Holder) -> None:
    holder.opens(holder.on_paper)
    order = holder.refused(holder.on_live)
    (line,) = holder.table("orders-csv", status="rejected")
    assert (line["order"], line["money"], line["code"]) == (
        str(order.public_id), "live", "venue.insufficient_margin",
    )  # fmt: skip
    assert line["message"] == "Margin is short."


def test_list_and_order_cost_the_same_for_more_rows(holder: Holder) -> None:
    order = holder.opens(holder.on_paper)
    few = holder.queries(PAGE), holder.queries("order", order.public_id)
    order = holder.opens(holder.on_live, parts=5)
    for _ in range(3):
        holder.opens(holder.on_paper)
    # session, person; accounts, copies; ids, rows — or the order, market, fills, receipt,
    # attempts, events
    assert (holder.queries(PAGE), holder.queries("order", order.public_id)) == few == (6, 10)
