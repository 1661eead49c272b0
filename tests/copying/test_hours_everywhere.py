"""A market that may only be closed is met by whoever decides: fan-out, approval, preview, trial."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cast import VENUE, a_follower, a_market, a_quote, a_signal, a_strategy
from tests.execution.paper import now
from trading.copying.approvals import Answer, answer_signal
from trading.copying.dry_run import try_signal
from trading.copying.fanout import fan_out
from trading.copying.preview import preview_settings
from trading.models import ApprovalDecision, CopyExecution, CopySubscription, MarketWindow

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_close_only_window_of_the_followers_venue_reaches_every_decision() -> None:
    a_market()
    a_market(venue="bybit")
    a_quote()
    copy = a_follower(a_strategy().strategy, mode="approval")
    signal = a_signal(copy.strategy, valid_until=now() + timedelta(seconds=60))
    fan_out(signal_id=signal.pk, now=now())
    span = {"starts_at": now() - timedelta(minutes=1), "ends_at": now() + timedelta(hours=1)}
    elsewhere = MarketWindow.objects.create(
        venue_id="bybit", state="close_only", reason="x", **span
    )
    tried = try_signal(signal=signal, now=now())
    assert [each.told.code for each in tried.tried] == ["awaiting_approval"]
    MarketWindow.objects.filter(pk=elsewhere.pk).update(venue_id=VENUE)
    (tried_now,) = try_signal(signal=signal, now=now()).tried
    assert (tried_now.subscription_id, tried_now.told.code) == (copy.pk, "market_close_only")
    close = a_signal(copy.strategy, action="close")
    (closing,) = try_signal(signal=close, now=now()).tried
    assert closing.told.code == "nothing_to_close"
    close.delete()
    (shown,) = preview_settings(subscription=copy, values={"max_open": 3}, now=now())
    assert {shown.before.code, shown.after.code} == {"market_close_only"}
    answer_signal(
        person_id=copy.user_id, signal_id=signal.public_id, subscription_id=copy.public_id,
        answer=Answer(ApprovalDecision.APPROVED, None, None, ""), now=now(),
    )  # fmt: skip
    assert CopyExecution.objects.get().code == "market_close_only"
    CopySubscription.objects.update(mode="auto")
    later = a_signal(copy.strategy)
    fan_out(signal_id=later.pk, now=now())
    assert CopyExecution.objects.get(signal=later).code == "market_close_only"
