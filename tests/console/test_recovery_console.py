"""Recoveries in the console: what is so, and an operator who begins one."""

from __future__ import annotations

import pyotp
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tests.cast import a_follower, a_market, a_strategy, an_account
from tests.codes import code_of
from trading.domain.ports import Credentials
from trading.execution import recovery
from trading.models import Recovery

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "admin:trading_recovery_changelist"


def test_an_operator_has_every_account_compared_anew(
    console: Client, operator: tuple[User, str]
) -> None:
    a_market()
    a_follower(a_strategy().strategy, account=an_account(keys=Credentials("key", "secret")))
    recovery.recognise(timezone.now())
    first = Recovery.objects.get()
    assert "first database" in console.get(reverse(LIST)).text
    asked = {"action": "begin", "_selected_action": [first.pk]}
    assert "no account opens anything" in console.post(reverse(LIST), asked).text
    said = {
        "confirmed": "yes",
        "reason": "rows put back",
        "code": code_of(pyotp.TOTP(operator[1]), 1),
    }
    console.post(reverse(LIST), asked | said)
    begun = Recovery.objects.latest("pk")
    assert (begun.asked, recovery.waiting().accounts) == (True, 1)
    assert "accounts wait" in console.get(reverse(LIST)).text


def test_an_empty_list_says_what_there_is_none_of_and_offers_nothing_that_cannot_be_done(
    console: Client,
) -> None:
    url = reverse("admin:trading_divergence_changelist")
    text = console.get(url).text
    assert "There are no divergences yet." in text
    assert "/divergence/add/" not in text
    assert "Nothing here fits the search and the filters." in console.get(url, {"q": "nobody"}).text
