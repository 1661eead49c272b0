"""Stopping a copy, what that would do to each open leg, and the repairs of one's copies."""

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

from mimic.api import filtering
from mimic.api.contract import refuses
from mimic.api.fields import Amount, Moment, Text
from mimic.api.idempotency import idempotent
from mimic.api.resources import OwnList
from trading.api.copies import SubscriptionOut
from trading.api.selectors.copies import copies_of, repairs_of_person
from trading.copying.subscription_states import WrongStatus
from trading.copying.targets.leaving import NothingHeld, OrderUnderWay, leave_leg
from trading.copying.targets.selectors import OpenLeg, open_legs
from trading.copying.targets.stopping import stop_copy
from trading.models import Repair, RepairCause, StopWay
from trading.models.repairs import STATE_LABELS

_STATES = [(state.value, label) for state, label in STATE_LABELS.items()]


class OpenLegOut(serializers.Serializer[OpenLeg]):
    """``profit`` is before fees, in the symbol's quote currency; null without a price."""

    symbol = serializers.CharField()
    side = serializers.ChoiceField(["long", "short"])
    quantity = Amount(source="held.size", help_text="Base units.")
    entry = Amount(source="held.entry")
    mark = Amount(source="held.mark", allow_null=True)
    mark_at = Moment(allow_null=True)
    profit = Amount(source="held.profit", allow_null=True)
    target = Amount(help_text="What the copy should hold; negative for a short.")
    orders = serializers.IntegerField(help_text="Under way; a close waits for them.")
    too_small = serializers.BooleanField(help_text="To be traded: it becomes your own.")


class StopIn(serializers.Serializer[Any]):
    way = serializers.ChoiceField(StopWay.choices)


class RepairOut(serializers.Serializer[Repair]):
    """Quantities are base units; ``held``, ``target`` and ``left`` are negative for a short."""

    subscription = serializers.UUIDField(source="subscription.public_id")
    symbol = serializers.CharField()
    cause = serializers.ChoiceField(RepairCause.choices)
    held = Amount(help_text="When it was found.")
    target = Amount(help_text="What the copy should hold.")
    state = serializers.ChoiceField(_STATES)
    code = serializers.CharField()
    message = serializers.CharField(help_text="The venue's own words.")
    tries = serializers.IntegerField()
    done = Amount(help_text="Traded by its orders.")
    price = Amount(allow_null=True)
    left = Amount(allow_null=True, help_text="Held when it ended.")
    created_at = Moment()
    ended_at = Moment(allow_null=True)


class RepairFilter(filtering.Filters):
    subscription = filtering.UUIDFilter(field_name="subscription__public_id")
    state = filtering.ChoiceFilter(choices=_STATES)
    symbol = filtering.CharFilter(max_length=32)


class LeaveIn(serializers.Serializer[Any]):
    symbol = Text(max_length=32)


class Leave(APIView):
    @extend_schema(request=LeaveIn, responses={204: None}, operation_id="subscriptions_leave")
    @refuses(NothingHeld, OrderUnderWay)
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """Take over what the copy holds in a symbol: it is yours, nothing of ours closes it."""
        row = get_object_or_404(copies_of(request.user.pk or 0), public_id=subscription_id)
        body = LeaveIn(data=request.data)
        body.is_valid(raise_exception=True)
        symbol = body.validated_data["symbol"]
        leave_leg(subscription=row, symbol=symbol, now=timezone.now())
        return Response(status=204)


class Repairs(OwnList[Repair]):
    """What was done so that your copies hold what they should, newest first."""

    selector = staticmethod(repairs_of_person)
    serializer_class = RepairOut
    filterset_class = RepairFilter


class Stop(APIView):
    @extend_schema(responses=OpenLegOut(many=True), operation_id="subscriptions_stop_preview")
    def get(self, request: Request, subscription_id: UUID) -> Response:
        """What the copy holds now, and stopping would keep or close."""
        row = get_object_or_404(copies_of(request.user.pk or 0), public_id=subscription_id)
        return Response([OpenLegOut(leg).data for leg in open_legs(row, timezone.now())])

    @extend_schema(request=StopIn, responses=SubscriptionOut, operation_id="subscriptions_stop")
    @idempotent
    @refuses(WrongStatus)
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """Stop for good: keep what it holds, close it at market now, or with the strategy. A copy
        that still has something to close is ``closing`` until it is flat; see /repairs.
        """
        row = get_object_or_404(copies_of(request.user.pk or 0), public_id=subscription_id)
        body = StopIn(data=request.data)
        body.is_valid(raise_exception=True)
        stop_copy(subscription=row, way=StopWay(body.validated_data["way"]), now=timezone.now())
        return Response(SubscriptionOut(copies_of(row.user_id).get(pk=row.pk)).data)
