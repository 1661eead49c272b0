"""Venue health and ways out in the console."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import pyotp
import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from accounts.models import User
from mimic.ops.embedded.valkey import Valkey
from mimic.ops.exporter import exposition
from tests.cast import an_account
from trading.domain.ports import Credentials, Outcome, SendResult
from trading.execution.governor import Governor, Reason
from trading.models import Egress, ExchangeAccount

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "admin:trading_venuehealth_changelist"
KEYS = Credentials("key", "secret")


@pytest.fixture
def sender() -> Iterator[Governor]:
    made = Governor(process="sender")
    yield made
    made.close()


@pytest.fixture
def account() -> ExchangeAccount:
    an_account()
    return an_account(keys=KEYS, venue="bybit")


def _break(sender: Governor) -> None:
    for _ in range(5):
        sender.observe("bybit", "direct", 1, SendResult(Outcome.UNKNOWN, "venue.no_answer"))
    sender.flush()


def _deed(console: Client, operator: tuple[User, str], action: str, venue: str = "bybit") -> None:
    """The action, its confirmation with a reason and a code that was not used yet."""
    chosen = {"action": action, "_selected_action": venue}
    assert b"console-confirm" in console.post(reverse(LIST), chosen).content
    code = pyotp.TOTP(operator[1]).at(int(time.time()) + 30)
    confirmed = {"confirmed": "yes", "reason": "the venue said so", "code": code}
    console.post(reverse(LIST), chosen | confirmed)


def test_the_page_shows_breaker_windows_and_accounts(
    console: Client, sender: Governor, account: ExchangeAccount
) -> None:
    sender.note_in_flight("bybit", 7)
    sender.grant("bybit", "direct", 60, closing=False)
    sender.hold("bybit", 600, account_id=account.pk)
    _break(sender)
    page = console.get(reverse(LIST)).content.decode()
    for text in ("open direct", "direct: 60 / 600 requests / 5 s", f"account {account.pk}: ",
                 "direct: 1", ">7<"):  # fmt: skip
        assert text in page
    assert "paper" not in page.split("<tbody")[1]


def test_closing_a_breaker_by_hand_lets_orders_out_again(
    console: Client, operator: tuple[User, str], sender: Governor, account: ExchangeAccount
) -> None:
    _break(sender)
    assert sender.grant("bybit", "direct", 5, closing=False).reason is Reason.BROKEN
    _deed(console, operator, "close_breaker")
    assert sender.grant("bybit", "direct", 5, closing=False).granted == 5
    assert "the venue said so" in LogEntry.objects.latest("pk").change_message


def test_a_venue_held_by_hand_gets_nothing_until_it_is_lifted(
    console: Client, operator: tuple[User, str], sender: Governor, account: ExchangeAccount
) -> None:
    _deed(console, operator, "hold")
    assert sender.grant("bybit", "direct", 5, closing=True).reason is Reason.HELD
    waits = asyncio.run(
        sender.clearance("bybit", "direct", 1, closing=True, granted_at=time.monotonic())
    )
    assert 590 < waits <= 600
    assert sender.grant("okx", "direct", 5, closing=True).granted == 5


@pytest.mark.chaos
def test_without_redis_the_page_says_so(
    console: Client, account: ExchangeAccount, valkey: Valkey
) -> None:
    valkey.stop()
    assert b"Redis is away" in console.get(reverse(LIST)).content
    assert b"Redis is away" in console.get(reverse("admin:index")).content


def test_metrics_tell_breakers_and_windows(sender: Governor, account: ExchangeAccount) -> None:
    sender.grant("bybit", "direct", 60, closing=False)
    _break(sender)
    text = exposition().decode()
    assert 'mimic_venue_breaker{venue="bybit"} 2.0' in text
    assert 'window="requests/5s"} 0.1' in text.replace('egress="direct",', "").replace(
        'venue="bybit",', ""
    )


def test_a_way_out_is_added_changed_and_tested_without_its_url_being_shown(
    console: Client,
) -> None:
    form = {"name": "fra-1", "pool": "main", "position": "0", "enabled": "on"}
    refused = console.post(reverse("admin:trading_egress_add"), form | {"url": "ftp://x"})
    assert b"Not the URL of a proxy" in refused.content
    url = "http://carol:hush-hush@proxy.example:3128"
    console.post(reverse("admin:trading_egress_add"), form | {"url": url})
    egress = Egress.objects.get()
    change = reverse("admin:trading_egress_change", args=[egress.pk])
    console.post(change, form | {"name": "fra-2", "url": ""})
    sealed = bytes(egress.sealed_url)
    egress.refresh_from_db()
    assert (egress.name, egress.host, bytes(egress.sealed_url)) == (
        "fra-2", "proxy.example:3128", sealed,
    )  # fmt: skip
    for page in (change, reverse("admin:trading_egress_changelist")):
        assert b"hush-hush" not in console.get(page).content
        assert b"proxy.example:3128" in console.get(page).content


def test_an_account_is_given_a_way_out(console: Client, account: ExchangeAccount) -> None:
    egress = Egress.objects.create(name="a", host="a.example:1", sealed_url=b"x")
    change = reverse("admin:trading_accountegress_change", args=[account.pk])
    console.post(change, {"egress": egress.pk})
    account.refresh_from_db()
    assert account.egress == egress
    shown = console.get(reverse("admin:trading_accountegress_changelist")).content.decode()
    assert account.label in shown
    assert "a (a.example:1)" in shown
