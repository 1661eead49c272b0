"""Stopping a copy on its page: a way, what it does to each leg, yes; then what became of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.api.cast import get, post, signed_in
from tests.cast import a_person, a_signal
from tests.execution.paper import now, send_on_paper
from tests.web.copies_cast import Copier
from trading.copying.fanout import fan_out
from trading.copying.targets.stopping import carry_out
from trading.models import CopySubscription, Order, StopWay

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def copier() -> Copier:
    """Holds bitcoin."""
    made = Copier()
    fan_out(signal_id=a_signal(made.copy.strategy).pk, now=now())
    send_on_paper()
    return made


def asked(copier: Copier, way: str = "") -> str:
    answer = copier.browser.get(copier.url("copy-stop"), {"way": way} if way else {})
    assert answer.status_code == 200
    return str(answer.text)


def test_each_way_says_what_happens_to_each_open_leg_before_anything_is_done(
    copier: Copier,
) -> None:
    assert copier.url("copy-stop") in copier.browser.get(reverse("copies")).text
    assert "Choose a way above" in asked(copier)
    told = {
        StopWay.KEEP: "Stays open, as your own",
        StopWay.CLOSE_NOW: "Closed at market now",
        StopWay.CLOSE_LATER: "Stays until the strategy closes it",
    }
    for way, happens in told.items():
        text = asked(copier, way.value)
        assert happens in text
        assert f'name="way" value="{way.value}"' in text
    assert CopySubscription.objects.get().status == "active"
    assert not Order.objects.filter(reduce_only=True).exists()


def test_a_stop_by_two_clicks_closes_once_and_reports_its_legs(copier: Copier) -> None:
    for _ in range(2):
        answer = copier.browser.post(copier.url("copy-stop"), {"way": "close_now"}, follow=True)
        assert "opens nothing new and ends once it is flat." in answer.text
    assert send_on_paper(closing=True) == 1
    carry_out(now=now())
    page = copier.browser.get(copier.url("copy-legs")).text
    for shown in ("This copy holds nothing.", "The copy was stopped", "Done", "Stopped"):
        assert shown in page
    lines = copier.browser.get(copier.url("copy-legs-csv")).getvalue().decode().splitlines()
    assert lines[0].startswith("made_at,symbol,cause,held,target,state")
    assert ",BTCUSDT,stop," in lines[1]
    assert ",done," in lines[1]
    listed = copier.browser.get(reverse("copies")).text
    assert copier.url("copy-stop") not in listed
    assert "This copy was stopped before." in asked(copier)


def test_nonsense_strangers_and_the_signed_out_change_nothing(copier: Copier) -> None:
    refused = copier.browser.post(copier.url("copy-stop"), {"way": "burn"}, follow=True).text
    assert "Nothing was changed." in refused
    stranger = Client()
    stranger.force_login(a_person())
    for name in ("copy-stop", "copy-legs", "copy-legs-csv"):
        assert stranger.get(copier.url(name)).status_code == 404
        assert Client().get(copier.url(name))["Location"].startswith(reverse("account_login"))
    assert stranger.post(copier.url("copy-stop"), {"way": "keep"}).status_code == 404
    assert CopySubscription.objects.get().status == "active"


def test_a_page_costs_the_same_for_many_legs(copier: Copier) -> None:
    few = _queries(copier)
    fan_out(signal_id=a_signal(copier.copy.strategy, symbol="ETHUSDT").pk, now=now())
    send_on_paper()
    assert _queries(copier) == few


def _queries(copier: Copier) -> int:
    with CaptureQueriesContext(connection) as queries:
        asked(copier, "close_now")
    return len(queries)


def test_the_api_previews_stops_and_tells_the_repairs(copier: Copier) -> None:
    client = signed_in(copier.user)
    path = f"subscriptions/{copier.copy.public_id}"
    (leg,) = get(client, f"{path}/stop")
    assert (leg["symbol"], leg["side"], leg["orders"], leg["too_small"]) == (
        "BTCUSDT", "long", 0, False,
    )  # fmt: skip
    assert Decimal(leg["quantity"]) > 0
    answer = post(client, f"{path}/stop", {"way": "close_now"})
    assert (answer.status_code, answer.json()["status"]) == (200, "closing")
    assert answer.json()["stopping"] == "close_now"
    (row,) = get(client, "repairs")["results"]
    assert (row["state"], row["cause"], row["target"]) == ("working", "stop", "0")
    assert post(client, f"{path}/stop", {"way": "burn"}).status_code == 422
    assert get(signed_in(a_person()), "repairs")["results"] == []
    stranger = signed_in(a_person())
    assert post(stranger, f"{path}/stop", {"way": "keep"}).status_code == 404
