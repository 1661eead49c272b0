"""A trader approves or rejects where the question stands, and hears of it live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from signals.models import Signal
from tests.cast import a_person, a_signal
from tests.console.cast import console, operator, sign_in
from tests.web.copies_cast import Copier, now
from trading.copying.fanout import fan_out
from trading.copying.pending import expire_pending
from trading.models import Approval, CopyExecution, Order

__all__ = ["console", "operator", "sign_in"]
pytestmark = pytest.mark.django_db


class Asked(Copier):
    """A person whose one copy waits for their word."""

    def __init__(self) -> None:
        super().__init__(mode="approval")

    def asked(self) -> CopyExecution:
        signal = a_signal(self.copy.strategy, valid_until=now() + timedelta(seconds=60))
        fan_out(signal_id=signal.pk, now=now())
        return CopyExecution.objects.get(signal=signal)

    def answer(self, decision: str, signal: Signal, **more: str) -> Any:
        given = {"signal": str(signal.public_id), "decision": decision, **more}
        return self.browser.post(reverse("signal-answer"), given)


@pytest.fixture
def asked() -> Asked:
    return Asked()


def _said(answer: Any) -> list[str]:
    return [str(message) for message in get_messages(answer.wsgi_request)]


def test_home_signals_and_the_receipt_ask_and_nobody_elses_do(asked: Asked) -> None:
    receipt = asked.asked()
    pages = [reverse("home"), reverse("signals"), reverse("receipt", args=[receipt.public_id])]
    for page in pages:
        text = asked.browser.get(page).text
        assert text.count(f'value="{receipt.signal.public_id}"') == 1
        assert 'name="decision" value="approved"' in text
    stranger = Client()
    stranger.force_login(a_person())
    assert all(str(receipt.signal.public_id) not in stranger.get(page).text for page in pages[:2])
    assert stranger.get(pages[2]).status_code == 404


def test_an_approval_orders_and_says_what(asked: Asked) -> None:
    receipt = asked.asked()
    answer = asked.answer("approved", receipt.signal, next="/")
    assert answer["Location"] == "/"
    assert _said(answer) == ["Decided: Buy 0.016 BTCUSDT, about to be sent."]
    assert Order.objects.get().execution_id == receipt.pk
    again = asked.answer("approved", receipt.signal)
    assert _said(again)[-1].startswith("You have answered this already")
    assert Order.objects.count() == 1


def test_a_rejection_orders_nothing_and_says_so(asked: Asked) -> None:
    receipt = asked.asked()
    assert _said(asked.answer("rejected", receipt.signal)) == ["Not copied: you rejected it."]
    assert Approval.objects.get().decision == "rejected"
    assert "approved" not in asked.browser.get(reverse("receipt", args=[receipt.public_id])).text


@pytest.mark.parametrize(
    ("given", "goes_to"),
    [({"next": "https://evil.example/"}, "signals"), ({"decision": "maybe"}, "signals")],
)
def test_a_forged_form_changes_nothing_and_leads_nowhere_else(
    asked: Asked, given: dict[str, str], goes_to: str
) -> None:
    receipt = asked.asked()
    wrong = {"signal": str(receipt.signal.public_id), "decision": "approved"} | given
    other = Client()
    other.force_login(a_person())
    answer = other.post(reverse("signal-answer"), wrong)
    assert answer["Location"] == reverse(goes_to)
    assert not Approval.objects.exists()


def test_too_late_is_said_and_the_question_is_gone(asked: Asked) -> None:
    receipt = asked.asked()
    assert expire_pending(now() + timedelta(seconds=61)) == 1
    said = _said(asked.answer("approved", receipt.signal))
    assert said[0].startswith("It is too late to answer: nothing was ordered")
    asks = f'value="{receipt.signal.public_id}"'
    assert asks not in asked.browser.get(reverse("home")).text


def test_more_questions_cost_no_more_queries(asked: Asked) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            asked.browser.get(reverse("signals"))
        return len(found)

    asked.asked()
    few = queries()
    asked.asked()
    assert queries() == few == 6


def test_the_console_lists_who_answered_what_and_links_its_receipt(
    asked: Asked, console: Client
) -> None:
    receipt = asked.asked()
    asked.answer("rejected", receipt.signal)
    listed = console.get(reverse("admin:trading_approval_changelist")).text
    assert "approval_rejected" in listed
    assert str(asked.user) in listed
    page = console.get(reverse("admin:trading_approval_change", args=[Approval.objects.get().pk]))
    assert reverse("admin:trading_copyexecution_change", args=[receipt.pk]) in page.text
