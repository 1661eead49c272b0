"""Under ``/api/v1/``: strategies and what they said."""

from __future__ import annotations

from django.urls import path

from signals.api import feed, strategies

urlpatterns = [
    path("signals", feed.Signals.as_view(), name="signals"),
    path("signals/<uuid:signal_id>", feed.SignalDetail.as_view(), name="signal"),
    path("strategies", strategies.Strategies.as_view(), name="strategies"),
    path("strategies/<uuid:strategy_id>", strategies.StrategyDetail.as_view(), name="strategy"),
]
