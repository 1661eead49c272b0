"""For operators: kill switches, in force and lifted; set, change and lift them with a code."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.second_factor import IsOperator, asks_for_code, person_of, spend_code
from mimic.api import filtering
from mimic.api.contract import refuses
from mimic.api.idempotency import idempotent
from trading.api.kill_shapes import (
    EffectIn,
    KillSwitchDetailOut,
    KillSwitchIn,
    KillSwitchOut,
    LegOut,
    ReachOut,
    ReasonIn,
)
from trading.api.selectors.kill import key_of_target, legs_of, public_targets, switches
from trading.guards import kill
from trading.guards.selectors import reach_of
from trading.models import FlattenLeg, KillEffect, KillScope, KillSwitch


class MaySee(IsOperator):
    permission = "trading.view_killswitch"


class MayOperate(IsOperator):
    permission = "trading.change_killswitch"


class KillSwitchFilter(filtering.Filters):
    scope = filtering.ChoiceFilter(choices=KillScope.choices)
    in_force = filtering.BooleanFilter(
        field_name="lifted_at", lookup_expr="isnull", label="Only those in force, or only lifted."
    )


class KillSwitches(ListAPIView[KillSwitch]):
    """Kill switches with the progress of what they close."""

    permission_classes = [MaySee]
    serializer_class = KillSwitchOut
    filterset_class = KillSwitchFilter

    def get_permissions(self) -> list[BasePermission]:
        """Who may look may not set one."""
        return [MayOperate()] if self.request.method == "POST" else [MaySee()]

    def get_queryset(self) -> QuerySet[KillSwitch]:
        return switches()

    def paginate_queryset(self, queryset: Any) -> Any:
        rows = super().paginate_queryset(queryset)
        self.targets = public_targets(rows or [])
        return rows

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "targets": getattr(self, "targets", {})}

    @extend_schema(
        request=KillSwitchIn,
        responses={201: KillSwitchDetailOut},
        operation_id="admin_kill_switches_set",
    )
    @idempotent
    @asks_for_code
    @refuses(kill.KillSwitchTarget)
    def post(self, request: Request) -> Response:
        """Put a switch in force, or make the one in force stricter."""
        body = KillSwitchIn(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        scope = KillScope(given["scope"])
        target = key_of_target(scope, given["target"])
        spend_code(request)
        switch = kill.set_kill_switch(
            scope=scope, target=target, effect=KillEffect(given["effect"]),
            reason=given["reason"], by=person_of(request), now=timezone.now(),
        )  # fmt: skip
        return Response(_shown(switch.public_id), status=status.HTTP_201_CREATED)


class KillSwitchDetail(APIView):
    permission_classes = [MaySee]

    @extend_schema(responses=KillSwitchDetailOut, operation_id="admin_kill_switches_retrieve")
    def get(self, request: Request, switch_id: UUID) -> Response:
        """One switch with every change of it."""
        return Response(_shown(switch_id))


class KillReach(APIView):
    permission_classes = [MaySee]

    @extend_schema(responses=ReachOut, operation_id="admin_kill_switches_reach")
    def get(self, request: Request, switch_id: UUID) -> Response:
        """Whom it concerns at this moment."""
        switch = get_object_or_404(KillSwitch, public_id=switch_id)
        reach = reach_of(scope=KillScope(switch.scope), target=switch.target)
        return Response(ReachOut(reach).data)


class _Altering(APIView):
    """What changing and lifting share: the switch, a right body, then the code."""

    permission_classes = [MayOperate]

    def asked(
        self, request: Request, switch_id: UUID, body: type[ReasonIn]
    ) -> tuple[KillSwitch, dict[str, Any]]:
        switch = get_object_or_404(KillSwitch, public_id=switch_id)
        given = body(data=request.data)
        given.is_valid(raise_exception=True)
        spend_code(request)
        return switch, given.validated_data


class ChangeEffect(_Altering):
    @extend_schema(
        request=EffectIn, responses=KillSwitchDetailOut, operation_id="admin_kill_switches_effect"
    )
    @idempotent
    @asks_for_code
    @refuses(kill.KillSwitchLifted)
    def post(self, request: Request, switch_id: UUID) -> Response:
        """Make a switch in force stricter or milder."""
        switch, given = self.asked(request, switch_id, EffectIn)
        by, effect = person_of(request), KillEffect(given["effect"])
        kill.change_kill_switch(
            switch=switch, effect=effect, reason=given["reason"], by=by, now=timezone.now()
        )
        return Response(_shown(switch_id))


class Lift(_Altering):
    @extend_schema(
        request=ReasonIn, responses=KillSwitchDetailOut, operation_id="admin_kill_switches_lift"
    )
    @idempotent
    @asks_for_code
    def post(self, request: Request, switch_id: UUID) -> Response:
        """End a switch; one that was lifted before stays as it is."""
        switch, given = self.asked(request, switch_id, ReasonIn)
        by, now = person_of(request), timezone.now()
        kill.lift_kill_switch(switch=switch, reason=given["reason"], by=by, now=now)
        return Response(_shown(switch_id))


class Legs(ListAPIView[FlattenLeg]):
    """Legs of a flatten, newest first: what was closed of each position, and why not."""

    permission_classes = [MaySee]
    serializer_class = LegOut

    def get_queryset(self) -> QuerySet[FlattenLeg]:
        switch_id = self.kwargs.get("switch_id")
        if switch_id is None:  # while the document is made
            return FlattenLeg.objects.none()
        get_object_or_404(KillSwitch.objects.only("pk"), public_id=switch_id)
        return legs_of(switch_id)


def _shown(switch_id: UUID) -> Any:
    row = get_object_or_404(switches(), public_id=switch_id)
    return KillSwitchDetailOut(row, context={"targets": public_targets([row])}).data
