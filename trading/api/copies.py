"""Subscriptions: which strategy is copied on which account, how, and whether now."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mimic.api import filtering
from mimic.api.bodies import valid_body
from mimic.api.contract import refuses
from mimic.api.fields import Moment
from mimic.api.idempotency import idempotent
from mimic.api.resources import OwnDetail, OwnList
from trading.api.selectors.copies import copies_of
from trading.api.settings_shapes import CopySettingsOut
from trading.api.start import REFUSALS, SubscribeIn, subscribed
from trading.copying.settings import AllocationExceeded
from trading.copying.subscription_states import (
    Change,
    WrongStatus,
    change_mode,
    change_subscription,
)
from trading.models import CopyMode, CopySubscription, StopWay, SubscriptionStatus


class SubscriptionOut(serializers.Serializer[CopySubscription]):
    id = serializers.UUIDField(source="public_id")
    strategy = serializers.UUIDField(source="strategy.public_id")
    strategy_name = serializers.CharField(source="strategy.name")
    account = serializers.UUIDField(source="account.public_id")
    mode = serializers.ChoiceField(CopyMode.choices)
    status = serializers.ChoiceField(SubscriptionStatus.choices)
    stopping = serializers.ChoiceField(
        StopWay.choices, allow_blank=True, help_text="How it was stopped; empty while it goes on."
    )
    settings = CopySettingsOut()
    created_at = Moment()


class SubscriptionFilter(filtering.Filters):
    status = filtering.ChoiceFilter(choices=SubscriptionStatus.choices)
    strategy = filtering.UUIDFilter(field_name="strategy__public_id")
    account = filtering.UUIDFilter(field_name="account__public_id")


class Subscriptions(OwnList[CopySubscription]):
    """Your copies with the settings in force."""

    selector = staticmethod(copies_of)
    serializer_class = SubscriptionOut
    filterset_class = SubscriptionFilter

    @extend_schema(
        request=SubscribeIn, responses={201: SubscriptionOut}, operation_id="subscriptions_create"
    )
    @idempotent
    @refuses(*REFUSALS)
    def post(self, request: Request) -> Response:
        """Copy a strategy on one of your accounts, from its next signal on."""
        return Response(SubscriptionOut(subscribed(request)).data, status=201)


class Subscription(OwnDetail[CopySubscription]):
    """One copy with the settings in force."""

    selector = staticmethod(copies_of)
    serializer_class = SubscriptionOut
    lookup_url_kwarg = "subscription_id"


class _Change(APIView):
    """What pausing and resuming share."""

    def own(self, request: Request, subscription_id: UUID) -> CopySubscription:
        return get_object_or_404(copies_of(request.user.pk or 0), public_id=subscription_id)

    def change(self, row: CopySubscription, change: Change, **meant: bool) -> Response:
        row.status = change_subscription(subscription=row, change=change, **meant)
        return Response(SubscriptionOut(row).data)


class Pause(_Change):
    @extend_schema(request=None, responses=SubscriptionOut, operation_id="subscriptions_pause")
    @refuses(WrongStatus)
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """Open nothing new; what is open is still closed when the strategy closes it."""
        return self.change(self.own(request, subscription_id), Change.PAUSE)


class ModeIn(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(CopyMode.choices)


class Mode(APIView):
    @extend_schema(request=ModeIn, responses=SubscriptionOut, operation_id="subscriptions_mode")
    @idempotent
    @refuses(WrongStatus)
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """Copy by itself, ask me first, or only show me, from the next signal on."""
        row = get_object_or_404(copies_of(request.user.pk or 0), public_id=subscription_id)
        body = ModeIn(data=request.data)
        body.is_valid(raise_exception=True)
        row.mode = CopyMode(body.validated_data["mode"])
        change_mode(subscription=row, mode=row.mode)
        return Response(SubscriptionOut(row).data)


class ResumeIn(serializers.Serializer[Any]):
    over_allocate = serializers.BooleanField(
        default=False, help_text="Meant: the copies of the account together get more than all."
    )


class Resume(_Change):
    @extend_schema(request=ResumeIn, responses=SubscriptionOut, operation_id="subscriptions_resume")
    @idempotent
    @refuses(WrongStatus, AllocationExceeded)
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """Copy again from the next signal on, with the share of the account that it had."""
        row = self.own(request, subscription_id)
        return self.change(row, Change.RESUME, **valid_body(ResumeIn, request))
