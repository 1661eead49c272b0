"""How a copy is sized and capped: changed by a new version, tried out before, and its limits."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mimic.api.contract import refuses
from mimic.api.fields import Amount, Percent
from mimic.api.idempotency import idempotent
from trading.api.copies import CopySettingsOut
from trading.api.selectors.copies import copies_of
from trading.copying.limits_selectors import Limit, SubscriptionLimits, limits_of_person
from trading.copying.preview import Previewed, preview_settings
from trading.copying.settings import (
    AllocationExceeded,
    Changed,
    SettingsInvalid,
    change_settings,
)
from trading.copying.wording import why_this_much
from trading.domain.decide import Decision
from trading.domain.limits import DEFAULTS, NAMES, Source
from trading.domain.receipts import Code, plain
from trading.models import CopySubscription, LeverageMode
from trading.models.copying import SIZING_LABELS


class SettingsIn(serializers.Serializer[Any]):
    """What is left out stays as it is. A limit of null leaves it to wider ones."""

    sizing_mode = serializers.ChoiceField([mode.value for mode in SIZING_LABELS], required=False)
    sizing_value = Amount(required=False, help_text="In the unit of the mode.")
    allocation_pct = Percent(required=False)
    risk_multiplier = serializers.DecimalField(max_digits=6, decimal_places=3, required=False)
    leverage_mode = serializers.ChoiceField(LeverageMode.choices, required=False)
    fixed_leverage = serializers.IntegerField(
        min_value=1, max_value=125, required=False, allow_null=True
    )
    symbol_leverage = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=125), required=False
    )
    allowed_symbols = serializers.ListField(
        child=serializers.RegexField(r"^[A-Z0-9]{2,32}$"), required=False
    )
    blocked_symbols = serializers.ListField(
        child=serializers.RegexField(r"^[A-Z0-9]{2,32}$"), required=False
    )
    max_position_pct = Percent(required=False, allow_null=True, min_value=0)
    max_exposure_pct = Percent(required=False, allow_null=True, min_value=0)
    max_risk_pct = Percent(required=False, allow_null=True, min_value=0)
    max_leverage = serializers.IntegerField(
        min_value=1, max_value=125, required=False, allow_null=True
    )
    max_notional = Amount(required=False, allow_null=True, min_value=0)
    max_open = serializers.IntegerField(
        min_value=0, max_value=32_767, required=False, allow_null=True
    )
    max_opens_a_day = serializers.IntegerField(
        min_value=0, max_value=32_767, required=False, allow_null=True
    )
    daily_loss_block_pct = Percent(required=False, allow_null=True, min_value=0)
    daily_loss_close_pct = Percent(required=False, allow_null=True, min_value=0)
    max_deviation_pct = Percent(required=False, allow_null=True, min_value=0)
    max_spread_pct = Percent(required=False, allow_null=True, min_value=0)
    max_age = serializers.IntegerField(
        min_value=0, max_value=86_400, required=False, allow_null=True
    )


class ChangeIn(SettingsIn):
    over_allocate = serializers.BooleanField(
        default=False, help_text="Take more than is left of the account, on purpose."
    )


class ChangedOut(serializers.Serializer[Changed]):
    """In force from the next signal on; open positions stay as they are."""

    settings = CopySettingsOut()
    left_pct = Percent()


class SizeOut(serializers.Serializer[Decision]):
    code = serializers.ChoiceField([code.value for code in Code])
    quantity = serializers.SerializerMethodField()
    why = serializers.SerializerMethodField()

    def get_quantity(self, row: Decision) -> str | None:
        return plain(row.order.quantity) if row.order else None

    def get_why(self, row: Decision) -> str:
        return why_this_much([step.as_json() for step in row.steps])


class PreviewOut(serializers.Serializer[Previewed]):
    """One past signal, decided at today's price and balance, by both versions."""

    signal = serializers.UUIDField(source="signal.public_id")
    symbol = serializers.CharField(source="signal.symbol")
    before = SizeOut()
    after = SizeOut()


class LimitOut(serializers.Serializer[Limit]):
    name = serializers.ChoiceField(NAMES)
    value = serializers.CharField(help_text="A decimal or a whole number.")
    set_by = serializers.ChoiceField([each.value for each in Source], source="source")


class RiskOut(serializers.Serializer[SubscriptionLimits]):
    subscription = serializers.UUIDField(source="subscription.public_id")
    limits = LimitOut(many=True)


class _Settings(APIView):
    def own(self, request: Request, subscription_id: UUID) -> CopySubscription:
        return get_object_or_404(copies_of(request.user.pk or 0), public_id=subscription_id)


class ChangeSettings(_Settings):
    @extend_schema(
        request=ChangeIn, responses=ChangedOut, operation_id="subscriptions_change_settings"
    )
    @idempotent
    @refuses(SettingsInvalid, AllocationExceeded)
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """Put the next version in force, for new positions."""
        row = self.own(request, subscription_id)
        body = ChangeIn(data=request.data)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        over = values.pop("over_allocate")
        changed = change_settings(
            subscription=row, values=values, now=timezone.now(), over_allocate=over
        )
        return Response(ChangedOut(changed).data)


class PreviewSettings(_Settings):
    @extend_schema(
        request=SettingsIn,
        responses=PreviewOut(many=True),
        operation_id="subscriptions_preview_settings",
    )
    @refuses(SettingsInvalid)
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """What the last five opens would have been, as it is and as it would be."""
        row = self.own(request, subscription_id)
        body = SettingsIn(data=request.data)
        body.is_valid(raise_exception=True)
        found = preview_settings(subscription=row, values=body.validated_data, now=timezone.now())
        return Response([PreviewOut(each).data for each in found])


class MyRisk(APIView):
    @extend_schema(responses=RiskOut(many=True), operation_id="risk_me")
    def get(self, request: Request) -> Response:
        """What holds for each of your copies, and who set it."""
        return Response([RiskOut(each).data for each in limits_of_person(request.user.pk or 0)])


class UsualRisk(APIView):
    @extend_schema(responses=LimitOut(many=True), operation_id="risk_defaults")
    def get(self, request: Request) -> Response:
        """What holds where nobody set anything stricter."""
        usual = [Limit(name, getattr(DEFAULTS, name), Source.PLATFORM) for name in NAMES]
        return Response([LimitOut(each).data for each in usual])
