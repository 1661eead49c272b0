"""A provider's master accounts: how each stands, what it did, why not, and what they change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import ConsentKind
from accounts.services.consents import publish_consent_text
from tests.cast import a_follower, a_market, a_person, a_quote, a_strategy, an_account
from tests.masters.cast import KEYS, a_master, set_stream
from tests.masters.stories import mirrored, tell, traded
from trading.models import MasterAccount, MasterMove, SignalFanout, VirtualPosition

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def market() -> None:
    a_market()
    a_quote()


def browser_of(master: MasterAccount) -> Client:
    browser = Client()
    browser.force_login(master.strategy.provider.user)
    return browser


def page(master: MasterAccount, query: str = "", name: str = "master") -> str:
    return str(browser_of(master).get(reverse(name, args=[master.public_id]) + query).text)


def did(master: MasterAccount, *sizes: str) -> None:
    for number, size in enumerate(sizes, start=MasterMove.objects.count()):
        tell(master, traded(number, size, order=str(number), ago=50 - number))
        mirrored(master)


def test_who_publishes_nothing_or_has_no_fit_account_reads_one_sentence_and_one_action() -> None:
    browser = Client()
    browser.force_login(a_person())
    assert "You publish no strategy." in browser.get(reverse("masters")).text
    strategy = a_strategy().strategy
    browser.force_login(strategy.provider.user)
    text = browser.get(reverse("masters")).text
    assert "No account of yours can be a master yet" in text
    assert reverse("exchange-account-venues") in text
    an_account(strategy.provider.user, keys=KEYS)
    assert reverse("master-connect") in browser.get(reverse("masters")).text


def test_a_provider_connects_an_account_and_is_told_what_was_odd() -> None:
    strategy = a_strategy().strategy
    by = strategy.provider.user
    account, paper = an_account(by, keys=KEYS), an_account(by)
    browser = Client()
    browser.force_login(by)
    url = reverse("master-connect")
    assert paper.label not in browser.get(url).text
    given = {
        "strategy": str(strategy.public_id), "account": str(account.public_id),
        "ignored_symbols": "doge/usdt", "no_copy_prefix": "nocopy",
    }  # fmt: skip
    odd = browser.post(url, given)
    assert (odd.status_code, MasterAccount.objects.count()) == (422, 0)
    assert "is not like BTCUSDT" in odd.text
    stranger = browser.post(url, {**given, "account": str(an_account(keys=KEYS).public_id)})
    assert (stranger.status_code, MasterAccount.objects.count()) == (422, 0)
    publish_consent_text(
        kind=ConsentKind.MASTER_ACCOUNT, bodies={"en": "Others copy you."}, now=datetime.now(UTC)
    )
    assert "master.consent" in browser.post(url, {**given, "ignored_symbols": ""}).text
    assert reverse("consents") in browser.get(url).text


def test_it_begins_in_preview_and_is_published_after_its_consequences() -> None:
    strategy = a_strategy().strategy
    account = an_account(strategy.provider.user, keys=KEYS)
    browser = Client()
    browser.force_login(strategy.provider.user)
    given = {
        "strategy": str(strategy.public_id), "account": str(account.public_id),
        "ignored_symbols": "dogeusdt; XRPUSDT", "no_copy_prefix": "hush",
    }  # fmt: skip
    told = browser.post(reverse("master-connect"), given, follow=True).text
    master = MasterAccount.objects.get()
    assert "Connected, in preview" in told
    assert (master.preview, master.ignored_symbols) == (True, ["DOGEUSDT", "XRPUSDT"])
    a_follower(strategy)
    url = reverse("master-change", args=[master.public_id])
    asked = browser.get(f"{url}?to=publish").text
    assert "is copied by everybody who follows" in asked
    assert "1 copy follows the strategy" in asked
    browser.post(url, {"to": "publish"})
    master.refresh_from_db()
    assert master.preview is False
    assert "Nothing was changed" in browser.post(url, {"to": "explode"}, follow=True).text
    assert browser.get(f"{url}?to=explode").status_code == 302


@pytest.mark.parametrize(
    ("standing", "shown"),
    [
        ("mirrored", "becomes a signal at once"),
        ("preview", "Nobody gets them yet"),
        ("paused", "What it closes still is"),
        ("offline", "opens wait, closes are mirrored"),
        ("strategy", "neither opens nor closes reach anybody"),
        ("account", "nothing of it is heard, not even closes"),
        ("disconnected", "Nothing of this account is mirrored any more"),
    ],
)
def test_the_page_says_what_becomes_of_the_next_trade(standing: str, shown: str) -> None:
    master = a_master(preview=standing == "preview")
    rows = MasterAccount.objects.filter(pk=master.pk)
    if standing == "paused":
        rows.update(state="paused")
    elif standing == "disconnected":
        rows.update(state="disconnected", ended_at=datetime.now(UTC))
    elif standing == "offline":
        set_stream(master, "broken")
    elif standing == "strategy":
        type(master.strategy).objects.update(status="paused")
    elif standing == "account":
        type(master.account).objects.update(state="failing")
    text = page(master)
    assert shown in text
    assert ("hx-trigger" in text) == (standing != "disconnected")
    (told,) = browser_of(master).get("/api/v1/masters").json()["results"]
    assert told["standing"] == standing


def test_a_stream_that_says_nothing_for_half_a_minute_is_not_taken_for_whole() -> None:
    master = a_master()
    stream = master.account.stream
    stream.alive_at = datetime.now(UTC) - timedelta(seconds=31)
    stream.save()
    text = page(master)
    assert "All was told until" in text


def test_what_it_did_is_there_with_what_became_of_it_and_why_not() -> None:
    master = a_master()
    did(master, "1", "0.5", "-0.3")
    SignalFanout.objects.update(receipts=12)
    browser = browser_of(master)
    browser.post(reverse("master-change", args=[master.public_id]), {"to": "pause"})
    did(master, "-2")
    text = page(master)
    for shown in (
        "Opened 1 long", "Closed 20%", "12 copies", "Closed all · Opened 0.8 short", "Stop 2%",
        "not mirrored while the master is paused",
    ):  # fmt: skip
        assert shown in text
    type(master.strategy).objects.update(status="paused")
    did(master, "1")
    seen = browser.get(reverse("master", args=[master.public_id])).context["tally"]
    assert (seen.told, seen.kept) == (4, 1)
    refused = page(master, "?state=refused")
    assert "The strategy is not active" in refused
    assert "Closed 20%" not in refused
    assert "Nothing fits these filters." in page(master, "?symbol=ETHUSDT")


def test_the_file_holds_the_same_with_the_pages_filters() -> None:
    master = a_master()
    did(master, "1", "-1")
    url = reverse("master-moves-csv", args=[master.public_id])
    answer: Any = browser_of(master).get(f"{url}?symbol=btcusdt")
    head, close, opened = b"".join(answer).decode().splitlines()
    assert head.startswith("at,symbol,side,quantity")
    assert "Closed all" in close
    assert ",Opened 1 long,told,,," in opened


def test_disconnecting_tells_who_would_be_left_with_something_open() -> None:
    master = a_master()
    copy = a_follower(master.strategy)
    VirtualPosition.objects.create(
        subscription=copy, symbol="BTCUSDT", quantity=1, entry_price=60_000, leverage=5,
        updated_at=datetime.now(UTC),
    )  # fmt: skip
    asked = page(master, "?to=disconnect", "master-change")
    assert "1 holds something" in asked
    assert "No close of this account will reach them." in asked
    browser = browser_of(master)
    url = reverse("master-change", args=[master.public_id])
    browser.post(url, {"to": "disconnect"})
    again = browser.post(url, {"to": "resume"}, follow=True).text
    assert "master.wrong_state" in again


def test_what_is_not_mirrored_is_changed_on_the_page_and_odd_words_change_nothing() -> None:
    master = a_master()
    browser, url = browser_of(master), reverse("master-rules", args=[master.public_id])
    browser.post(url, {"ignored_symbols": "dogeusdt", "no_copy_prefix": "hush"})
    for odd in ({"ignored_symbols": "doge/usdt", "no_copy_prefix": "x1"}, {"no_copy_prefix": "x"}):
        assert "toast" in browser.post(url, odd, follow=True).text
    master.refresh_from_db()
    assert (master.ignored_symbols, master.no_copy_prefix) == (["DOGEUSDT"], "hush")


def test_more_masters_and_moves_cost_no_more_queries() -> None:
    master = a_master()
    browser = browser_of(master)
    urls = [reverse("masters"), reverse("master", args=[master.public_id])]

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            for url in urls:
                assert browser.get(url).status_code == 200
        return len(found)

    did(master, "1")
    asked()
    few = asked()
    did(master, *["0.1"] * 3)
    provider = master.strategy.provider
    for _ in range(2):
        strategy = a_strategy().strategy
        type(strategy).objects.filter(pk=strategy.pk).update(provider=provider)
        strategy.refresh_from_db()
        a_master(strategy=strategy)
    assert asked() == few
    assert few <= 27
