"""Operators stop a copy for somebody, with a reason and a fresh code, and see the repairs."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import OtpUsed, User
from mimic.audit.models import Entry
from tests.cast import a_market, a_quote
from tests.guards.cast import holding
from trading.models import CopySubscription, Repair

pytestmark = pytest.mark.django_db(transaction=True)
LIST = "admin:trading_copysubscription_changelist"


@pytest.mark.parametrize(
    ("way", "says", "status"),
    [
        ("keep", "no signal closes it", "stopped"),
        ("close_now", "is closed at market, at once", "closing"),
        ("close_later", "until it is closed", "closing"),
    ],
)
def test_a_stop_is_confirmed_and_recorded_as_the_operators(
    console: Client, operator: tuple[User, str], way: str, says: str, status: str
) -> None:
    a_market()
    a_quote()
    _, [copy] = holding()
    data: dict[str, Any] = {"action": f"stop_{way}", "_selected_action": [copy.pk]}
    asked = console.post(reverse(LIST), data).text
    assert says in asked
    assert "1 open position." in asked
    code = pyotp.TOTP(operator[1]).at(OtpUsed.objects.get().step * 30 + 30)
    confirmed = data | {"confirmed": "yes", "reason": "asked by phone", "code": code}
    console.post(reverse(LIST), confirmed, follow=True)
    assert CopySubscription.objects.get().status == status
    (entry,) = Entry.objects.filter(action="trading.copy.stop")
    assert (entry.actor_id, entry.subject_id) == (operator[0].pk, copy.user_id)
    listed = console.get(reverse("admin:trading_repair_changelist"))
    assert listed.status_code == 200
    assert (str(copy.user) in listed.text) == (way == "close_now") == Repair.objects.exists()
