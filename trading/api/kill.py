"""For operators: kill switches, with a reason and a fresh code, as in the console."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.second_factor import IsOperator, asks_for_code, person_of, spend_code
from mimic.api.contract import refuses
from mimic.api.fields import Moment, Text
from mimic.api.idempotency import idempotent
from trading.guards import kill
from trading.guards.selectors import Reach, reach_of, with_progress
from trading.models import KillEffect, KillScope, KillSwitch


class MaySee(IsOperator):
    permission = "trading.view_killswitch"


class MayChange(IsOperator):
    permission = "trading.change_killswitch"


class MaySeeOrSet(IsOperator):
    """Looking is for all who may see; setting one is for those who may change them."""

    permission = "trading.view_killswitch"

    def has_permission(self, request: Request, view: Any) -> bool:
        may_see = super().has_permission(request, view)
        changing = request.method == "POST"
        return may_see and (not changing or request.user.has_perm(MayChange.permission))


class SwitchOut(serializers.Serializer[KillSwitch]):
    """Legs are the positions that a flatten closes; failed ones are tried again."""

    id = serializers.UUIDField(source="public_id")
    scope = serializers.ChoiceField(KillScope.choices)
    target = serializers.CharField()
    reaches = serializers.CharField(source="label")
    effect = serializers.ChoiceField(KillEffect.choices)
    reason = serializers.CharField()
    set_at = Moment()
    lifted_at = Moment(allow_null=True)
    legs = serializers.IntegerField(source="legs_all")
    legs_done = serializers.IntegerField()
    legs_failed = serializers.IntegerField()


class SetIn(serializers.Serializer[Any]):
    scope = serializers.ChoiceField(KillScope.choices)
    target = Text(
        max_length=64, allow_blank=True, default="", help_text="Empty for the platform alone."
    )
    effect = serializers.ChoiceField(KillEffect.choices)
    reason = Text(min_length=5, max_length=200)


class AlterIn(serializers.Serializer[Any]):
    effect = serializers.ChoiceField(KillEffect.choices)
    reason = Text(min_length=5, max_length=200)


class LiftIn(serializers.Serializer[Any]):
    reason = Text(min_length=5, max_length=200)


class ReachOut(serializers.Serializer[Reach]):
    """What the switch meets now. ``notional`` is in quote currency."""

    followers = serializers.IntegerField()
    positions = serializers.IntegerField()
    notional = serializers.CharField()
    planned = serializers.IntegerField()
    resting = serializers.IntegerField()
    unresolved = serializers.IntegerField()


class KillSwitches(ListAPIView[KillSwitch]):
    """Kill switches, in force and lifted, newest first."""

    permission_classes = [MaySeeOrSet]
    serializer_class = SwitchOut

    def get_queryset(self) -> QuerySet[KillSwitch]:
        return with_progress(KillSwitch.objects.all())

    @extend_schema(
        request=SetIn, responses={201: SwitchOut}, operation_id="admin_kill_switches_set"
    )
    @idempotent
    @asks_for_code
    @refuses(kill.KillSwitchTarget)
    def post(self, request: Request) -> Response:
        """Put one in force; one that is becomes stricter, never milder."""
        body = SetIn(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        spend_code(request)
        switch = kill.set_kill_switch(
            scope=KillScope(given["scope"]),
            target=given["target"],
            effect=KillEffect(given["effect"]),
            reason=given["reason"],
            by=person_of(request),
            now=timezone.now(),
        )
        return Response(_shown(switch.public_id), status=status.HTTP_201_CREATED)


class KillReach(APIView):
    permission_classes = [MaySee]

    @extend_schema(responses=ReachOut, operation_id="admin_kill_switches_reach")
    def get(self, request: Request, switch_id: UUID) -> Response:
        """Whom it concerns at this moment."""
        switch = get_object_or_404(KillSwitch, public_id=switch_id)
        reach = reach_of(scope=KillScope(switch.scope), target=switch.target)
        return Response(ReachOut(reach).data)


class AlterKillSwitch(APIView):
    permission_classes = [MayChange]

    @extend_schema(request=AlterIn, responses=SwitchOut, operation_id="admin_kill_switches_alter")
    @idempotent
    @asks_for_code
    @refuses(kill.KillSwitchLifted)
    def post(self, request: Request, switch_id: UUID) -> Response:
        """Make it stricter or milder."""
        switch = get_object_or_404(KillSwitch, public_id=switch_id)
        body = AlterIn(data=request.data)
        body.is_valid(raise_exception=True)
        spend_code(request)
        kill.change_kill_switch(
            switch=switch,
            effect=KillEffect(body.validated_data["effect"]),
            reason=body.validated_data["reason"],
            by=person_of(request),
            now=timezone.now(),
        )
        return Response(_shown(switch_id))


class LiftKillSwitch(APIView):
    permission_classes = [MayChange]

    @extend_schema(request=LiftIn, responses=SwitchOut, operation_id="admin_kill_switches_lift")
    @idempotent
    @asks_for_code
    def post(self, request: Request, switch_id: UUID) -> Response:
        """End it; lifting one that is lifted changes nothing."""
        switch = get_object_or_404(KillSwitch, public_id=switch_id)
        body = LiftIn(data=request.data)
        body.is_valid(raise_exception=True)
        spend_code(request)
        kill.lift_kill_switch(
            switch=switch,
            reason=body.validated_data["reason"],
            by=person_of(request),
            now=timezone.now(),
        )
        return Response(_shown(switch_id))


def _shown(switch_id: UUID) -> Any:
    return SwitchOut(with_progress(KillSwitch.objects.filter(public_id=switch_id)).get()).data
