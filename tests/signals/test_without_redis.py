"""Redis away: the alert is taken and answered in time; what it asks for waits in its row."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client

from mimic.ops.embedded.valkey import Valkey
from signals.models import Signal
from tests.cast import a_market, a_strategy
from trading.models import SignalFanout

TRADINGVIEW_WAITS = 3.0  # seconds (wire-facts §4)


@pytest.mark.django_db(transaction=True)
def test_an_alert_is_taken_before_its_sender_gives_up(valkey: Valkey) -> None:
    a_market()
    published = a_strategy()
    valkey.stop()
    started = time.monotonic()
    answer = Client().post(
        f"/webhook/{published.token}",
        data=json.dumps({"symbol": "BTCUSDT", "action": "close"}),
        content_type="application/json",
    )
    took = time.monotonic() - started
    assert answer.status_code == 202
    assert SignalFanout.objects.get(signal=Signal.objects.get()).done_at is None
    assert took < TRADINGVIEW_WAITS
