"""Signals of the strategies that a person follows or publishes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from mimic.api import filtering
from mimic.api.fields import Amount, Moment
from mimic.api.resources import OwnDetail, OwnList
from signals.api.selectors import visible_signals
from signals.models import Action, Direction, Signal, SignalStatus
from signals.selectors import signal_row


class SignalOut(serializers.Serializer[Signal]):
    """``stop`` and ``targets`` are prices, known when the entry is; else followers take theirs."""

    id = serializers.UUIDField(source="public_id")
    symbol = serializers.CharField()
    action = serializers.ChoiceField(Action.choices)
    side = serializers.ChoiceField(Direction.choices)
    leverage = serializers.IntegerField()
    entry = Amount(allow_null=True)
    stop = Amount(allow_null=True)
    targets = serializers.ListField(child=Amount())
    rr = Amount(allow_null=True, help_text="Reward to risk.")
    strategy = serializers.CharField()
    status = serializers.ChoiceField(SignalStatus.choices)
    received_at = Moment()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return super().to_representation(signal_row(instance))  # type: ignore[arg-type]


class SignalFilter(filtering.Filters):
    status = filtering.ChoiceFilter(choices=SignalStatus.choices)
    strategy = filtering.UUIDFilter(field_name="strategy__public_id")
    symbol = filtering.CharFilter(max_length=32)


class Signals(OwnList[Signal]):
    """Signals of strategies that you follow or publish."""

    selector = staticmethod(visible_signals)
    serializer_class = SignalOut
    filterset_class = SignalFilter


class SignalDetail(OwnDetail[Signal]):
    """One signal; what it did for you is under receipts."""

    selector = staticmethod(visible_signals)
    serializer_class = SignalOut
    lookup_url_kwarg = "signal_id"
