"""My copies: what each did today, what held it back with a way to the receipts, pause, resume."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mimic.core.ids import first_id_at
from tests.cast import a_person
from tests.web.copies_cast import Copier, now
from trading.models import CopyExecution, CopySubscription, SubscriptionStatus

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "copies"


@pytest.fixture
def copier() -> Copier:
    return Copier()


def page(copier: Copier) -> str:
    return str(copier.browser.get(reverse(LIST)).text)


def test_a_stranger_to_the_site_is_sent_to_sign_in(copier: Copier) -> None:
    for url in (reverse(LIST), copier.url(), copier.url("copy-settings-csv")):
        assert Client().get(url)["Location"].startswith(reverse("account_login"))


def test_somebody_without_copies_reads_one_sentence_and_one_action() -> None:
    browser = Client()
    browser.force_login(a_person())
    text = browser.get(reverse(LIST)).text
    assert "No copy yet." in text
    assert f'href="{reverse("exchange-accounts")}"' in text


def test_a_line_shows_account_share_todays_opens_and_what_held_it_back(copier: Copier) -> None:
    copier.receive(symbol="ETHUSDT")
    for _ in range(2):
        copier.receive(symbol="XRPUSDT")
    (line,) = copier.browser.get(reverse(LIST)).context["lines"]
    assert line.opens_today == 1
    assert [(it.name, it.count) for it in line.skipped] == [("not traded there", 2)]
    text = page(copier)
    for shown in (copier.copy.strategy.name, copier.account.label, "40%", "PAPER", "Active"):
        assert shown in text


def test_a_count_leads_to_exactly_the_receipts_it_was_counted_from(copier: Copier) -> None:
    other = copier.copies()
    copier.receive(other, symbol="XRPUSDT")
    wanted = copier.receive(symbol="XRPUSDT")
    copier.receive(symbol="ETHUSDT")
    lines = copier.browser.get(reverse(LIST)).context["lines"]
    url = next(line.skipped[0].url for line in lines if line.row == copier.copy)
    found = copier.browser.get(url).context["receipts"]
    assert [row.public_id for row in found] == [str(wanted.public_id)]


def test_what_was_skipped_eight_days_ago_is_not_counted(copier: Copier) -> None:
    receipt = copier.receive(symbol="XRPUSDT")
    old = first_id_at(now() - timedelta(days=8))
    CopyExecution.objects.filter(pk=receipt.pk).update(id=old)
    (line,) = copier.browser.get(reverse(LIST)).context["lines"]
    assert line.skipped == []


def test_what_was_opened_yesterday_is_not_todays(copier: Copier) -> None:
    receipt = copier.receive()
    yesterday = first_id_at(now() - timedelta(days=1, seconds=1))
    CopyExecution.objects.filter(pk=receipt.pk).update(id=yesterday)
    (line,) = copier.browser.get(reverse(LIST)).context["lines"]
    assert line.opens_today == 0


def test_a_copy_is_paused_and_resumed_and_says_what_that_means(copier: Copier) -> None:
    paused = copier.browser.post(copier.url("copy-pause"), follow=True).text
    assert "What is open is still closed by its strategy." in paused
    assert copier.url("copy-resume") in paused
    copier.copy.refresh_from_db()
    assert copier.copy.status == SubscriptionStatus.PAUSED
    resumed = copier.browser.post(copier.url("copy-resume"), follow=True).text
    assert "is copied again, from the next signal on." in resumed
    assert copier.url("copy-pause") in resumed


def test_a_copy_whose_share_is_gone_is_asked_about_and_then_resumed(copier: Copier) -> None:
    copier.browser.post(copier.url("copy-pause"))
    other = copier.copies(allocation_pct=Decimal(70))
    asked = copier.browser.post(copier.url("copy-resume"), follow=True)
    assert "it had 40% of" in asked.text
    assert "your other copies leave 30%" in asked.text
    address = asked.redirect_chain[-1][0]
    meant = {"over_allocate": "on"}
    told = copier.browser.post(copier.url("copy-resume"), meant, follow=True).text
    assert "is copied again, from the next signal on." in told
    for stale in (
        address,
        f"{reverse(LIST)}?resume={other.public_id}",
        f"{reverse(LIST)}?resume=x",
    ):
        assert copier.browser.get(stale).context["asked"] is None


def test_a_stopped_copy_offers_no_change_and_refuses_one(copier: Copier) -> None:
    type(copier.copy).objects.update(status=SubscriptionStatus.STOPPED)
    assert copier.url("copy-resume") not in page(copier)
    answer = copier.browser.post(copier.url("copy-resume"), follow=True).text
    assert "subscription.wrong_status" in answer


def test_nobody_sees_or_changes_another_persons_copy(copier: Copier) -> None:
    browser = Client()
    browser.force_login(a_person())
    for name in ("copy-settings", "copy-settings-csv"):
        assert browser.get(copier.url(name)).status_code == 404
    for name in ("copy-pause", "copy-resume", "copy-settings", "copy-settings-preview"):
        assert browser.post(copier.url(name)).status_code == 404
    assert copier.copy.strategy.name not in browser.get(reverse(LIST)).text


def test_reading_an_address_that_changes_something_changes_nothing(copier: Copier) -> None:
    for name in ("copy-pause", "copy-resume", "copy-settings-preview"):
        assert copier.browser.get(copier.url(name)).status_code == 405


def test_the_list_costs_the_same_for_more_copies(copier: Copier) -> None:
    copier.receive()
    few = _queries(copier)
    for _ in range(6):
        copier.receive(copier.copies(), symbol="XRPUSDT")
    # session, person; accounts, copies, their receipts, the disclosure in force
    assert _queries(copier) == few == 6


@pytest.mark.parametrize(
    ("status", "wanted", "kept"),
    [("active", "approval", "approval"), ("stopped", "approval", "auto"), ("active", "x", "auto")],
)
def test_how_a_copy_copies_is_changed_unless_it_was_stopped(
    copier: Copier, status: str, wanted: str, kept: str
) -> None:
    CopySubscription.objects.update(status=status)
    answer = copier.browser.post(copier.url("copy-mode"), {"mode": wanted})
    assert answer["Location"] == copier.url()
    assert CopySubscription.objects.get().mode == kept
    assert f'value="{kept}" checked' in copier.browser.get(copier.url()).text


def _queries(copier: Copier) -> int:
    with CaptureQueriesContext(connection) as queries:
        page(copier)
    return len(queries)
