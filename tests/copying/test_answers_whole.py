"""What an answer leaves behind, whole: receipts, who answered, counts and nudges; what ends it."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import redis

from mimic.jobs.nudges import publisher
from mimic.ops.metrics import approval_latency_seconds, approvals, copy_trades
from signals.models import Signal
from tests.cast import a_follower, a_market, a_quote, a_signal, a_strategy, an_account
from tests.execution.paper import now
from trading.copying.approvals import (
    Answer,
    ApprovalExpired,
    ApprovalNotFound,
    answer_signal,
)
from trading.copying.fanout import fan_out
from trading.models import (
    Approval,
    ApprovalDecision,
    CopyExecution,
    CopySubscription,
    Order,
)

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture
def copy() -> CopySubscription:
    a_market()
    a_quote()
    return a_follower(a_strategy().strategy, mode="approval")


def _asked(copy: CopySubscription, **terms: Any) -> Signal:
    signal = a_signal(copy.strategy, **{"valid_until": now() + timedelta(seconds=60)} | terms)
    fan_out(signal_id=signal.pk, now=now())
    return signal


def _answer(copy: CopySubscription, signal: Signal, decision: str, **given: Any) -> list[int]:
    told = {"consent_version": None, "address": None, "user_agent": "", **given}
    at = told.pop("now", None) or now()
    return answer_signal(
        person_id=copy.user_id, signal_id=signal.public_id, subscription_id=None, now=at,
        answer=Answer(ApprovalDecision(decision), **told),
    )  # fmt: skip


def _counts() -> dict[str, float]:
    (latency,) = approval_latency_seconds.collect()
    return {
        **{name: approvals.labels(name)._value.get() for name in ("approved", "rejected")},
        **{name: copy_trades.labels(name)._value.get() for name in ("planned", "skipped")},
        "seconds": next(each.value for each in latency.samples if each.name.endswith("_sum")),
    }


@pytest.mark.parametrize(
    ("decision", "outcome", "code", "leverage"),
    [
        ("approved", "planned", "planned", 5),
        ("rejected", "skipped", "approval_rejected", None),
    ],
)
def test_an_answer_is_the_receipts_last_word_and_on_record_with_who_gave_it(
    copy: CopySubscription, decision: str, outcome: str, code: str, leverage: int | None
) -> None:
    other = a_follower(copy.strategy, account=an_account(copy.user), mode="approval")
    signal = _asked(copy)
    a_quote("60100")
    before, at = _counts(), signal.received_at + timedelta(seconds=7)
    told = _answer(copy, signal, decision, now=at, address="", user_agent="x" * 201)
    receipts = list(CopyExecution.objects.order_by("pk"))
    assert told == [receipt.pk for receipt in receipts]
    assert {receipt.subscription_id for receipt in receipts} == {copy.pk, other.pk}
    for receipt in receipts:
        assert (receipt.outcome, receipt.code, receipt.leverage) == (outcome, code, leverage)
        assert (receipt.decided_at, receipt.quantity) == (at, D("0.041"))
        assert receipt.inputs["ask"] == ("60100" if decision == "approved" else "60000")
        assert receipt.inputs["equity"] == "10000"
        given = Approval.objects.get(execution_id=receipt.pk)
        assert (given.signal_id, given.subscription_id, given.user_id, given.decided_at) == (
            signal.pk, receipt.subscription_id, copy.user_id, at,
        )  # fmt: skip
        assert (given.decision, given.code, given.consent_version) == (decision, code, None)
        assert (given.address, given.user_agent) == (None, "x" * 200)
    grown = {name: after - before[name] for name, after in _counts().items()}
    assert grown == {
        **dict.fromkeys(grown, 0.0), decision: 2.0, outcome: 2.0, "seconds": pytest.approx(14.0),
    }  # fmt: skip


def test_what_an_approval_ordered_is_planned_for_anybody_and_nudged_once_a_route(
    copy: CopySubscription, redis_server: redis.Redis
) -> None:
    a_follower(copy.strategy, account=an_account(copy.user), mode="approval")
    signal = _asked(copy)
    publisher.flush(5)
    redis_server.delete("trading")
    _answer(copy, signal, "approved")
    assert set(Order.objects.values_list("status", "leg", "origin_id")) == {
        ("planned", 0, signal.pk)
    }
    publisher.flush(5)
    (body,) = [json.loads(each)["body"] for each in redis_server.lrange("trading", 0, -1)]
    arguments = json.loads(b64decode(body))[1]
    assert (arguments["route"], arguments["closing"]) == ("paper", 0)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"action": "close"}, "closed_before_sent"),
        ({"action": "close", "direction": "any"}, "closed_before_sent"),
        ({"action": "close", "direction": "short"}, "planned"),
        ({"action": "close", "symbol": "ETHUSDT"}, "planned"),
        ({"action": "open"}, "planned"),
        ({"action": "close", "elsewhere": True}, "planned"),
        ({"action": "close", "before": True}, "planned"),
    ],
)
def test_only_a_later_close_of_the_same_side_ends_a_question(
    copy: CopySubscription, said: dict[str, Any], code: str
) -> None:
    said = dict(said)
    before, elsewhere = said.pop("before", False), said.pop("elsewhere", False)
    strategy = a_strategy().strategy if elsewhere else copy.strategy
    if before:
        fan_out(signal_id=a_signal(strategy, **said).pk, now=now())
    signal = _asked(copy)
    if not before:
        a_signal(strategy, **said)
    _answer(copy, signal, "approved")
    assert CopyExecution.objects.get(signal=signal).code == code


def test_too_late_and_not_asked_are_told_apart(copy: CopySubscription) -> None:
    signal = _asked(copy)
    late = signal.valid_until or now()
    CopyExecution.objects.update(outcome="skipped", code="stale_price")
    with pytest.raises(ApprovalNotFound):
        _answer(copy, signal, "approved")
    for code in ("approval_expired", "closed_before_sent"):
        CopyExecution.objects.update(code=code)
        with pytest.raises(ApprovalExpired):
            _answer(copy, signal, "approved")
    forever = _asked(copy, valid_until=None)
    assert len(_answer(copy, forever, "rejected", now=late + timedelta(days=9))) == 1
