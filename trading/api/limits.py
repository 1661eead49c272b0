"""Limits: what holds for each copy, who set it, and what holds for everybody."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mimic.api.fields import Amount
from trading.copying.limits_selectors import (
    Limit,
    SubscriptionLimits,
    default_limits,
    limits_of_person,
)
from trading.domain.limits import NAMES, Source
from trading.models import SubscriptionStatus


class LimitOut(serializers.Serializer[Limit]):
    """The strictest of all who may set it. Names end in the unit: ``_pct`` is percent."""

    name = serializers.ChoiceField(NAMES)
    value = serializers.SerializerMethodField(method_name="value_text")
    source = serializers.ChoiceField([each.value for each in Source])  # type: ignore[assignment]

    @extend_schema_field(Amount())
    def value_text(self, limit: Limit) -> str:
        return str(Amount().to_representation(Decimal(limit.value)))


class CopyLimitsOut(serializers.Serializer[SubscriptionLimits]):
    subscription = serializers.UUIDField(source="subscription.public_id")
    strategy_name = serializers.CharField(source="subscription.strategy.name")
    account = serializers.UUIDField(source="subscription.account.public_id")
    status = serializers.ChoiceField(SubscriptionStatus.choices, source="subscription.status")
    limits = LimitOut(many=True)


class MyRiskOut(serializers.Serializer[Any]):
    results = CopyLimitsOut(many=True)


class DefaultsOut(serializers.Serializer[Any]):
    limits = LimitOut(many=True)


class MyRisk(APIView):
    @extend_schema(responses=MyRiskOut, operation_id="risk_me")
    def get(self, request: Request) -> Response:
        """Each limit of each of your copies, with who set it."""
        rows = limits_of_person(request.user.pk or 0)
        return Response(MyRiskOut({"results": rows}).data)


class RiskDefaults(APIView):
    @extend_schema(responses=DefaultsOut, operation_id="risk_defaults")
    def get(self, request: Request) -> Response:
        """What holds for everybody until somebody sets a stricter limit."""
        return Response(DefaultsOut({"limits": default_limits()}).data)
