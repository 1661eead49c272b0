"""Strategies: what is on offer, what you follow, what is yours."""

from __future__ import annotations

from rest_framework import serializers

from mimic.api import filtering
from mimic.api.fields import Moment, Percent
from mimic.api.resources import OwnDetail, OwnList
from signals.api.selectors import visible_strategies
from signals.models import Strategy


class StrategyOut(serializers.Serializer[Strategy]):
    """The defaults fill what an alert leaves out; percent of price but for the risk."""

    id = serializers.UUIDField(source="public_id")
    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    provider = serializers.CharField(source="provider.name")
    status = serializers.ChoiceField(Strategy.Status.choices)
    followed = serializers.BooleanField(help_text="You have a subscription to it.")
    default_risk_pct = Percent()
    default_leverage = serializers.IntegerField()
    default_take_profit_pct = Percent()
    default_stop_loss_pct = Percent(allow_null=True)
    max_leverage = serializers.IntegerField()
    created_at = Moment()


class StrategyFilter(filtering.Filters):
    followed = filtering.BooleanFilter(label="Only those with, or without, your subscription.")


class Strategies(OwnList[Strategy]):
    """Strategies that you may follow, do follow, or publish."""

    selector = staticmethod(visible_strategies)
    serializer_class = StrategyOut
    filterset_class = StrategyFilter


class StrategyDetail(OwnDetail[Strategy]):
    """One strategy."""

    selector = staticmethod(visible_strategies)
    serializer_class = StrategyOut
    lookup_url_kwarg = "strategy_id"
