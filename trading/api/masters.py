"""Master accounts: connect one, say what it mirrors, look what became of what it did."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.second_factor import person_of
from mimic.api import filtering
from mimic.api.contract import refuses
from mimic.api.fields import Amount, Moment, Percent, ShortList, Text
from mimic.api.idempotency import idempotent
from mimic.api.resources import OwnDetail, OwnList
from mimic.core.errors import NotFound
from trading.api.selectors.connections import connections_of
from trading.copying.masters import connecting
from trading.copying.masters.selectors import masters_of, moves_of, own_strategies
from trading.copying.masters.standing import Standing, standing_of, stream_of
from trading.copying.masters.wording import reason_of
from trading.models import MasterAccount, MasterMove, MasterState, MoveState


class MasterRulesIn(serializers.Serializer[Any]):
    ignored_symbols = ShortList(child=Text(max_length=32), default=list, max_length=500)
    no_copy_prefix = Text(
        default=connecting.USUAL.no_copy_prefix, min_length=2, max_length=16,
        help_text="Orders whose client id begins with it are not mirrored.",
    )  # fmt: skip


class MasterIn(MasterRulesIn):
    strategy = serializers.UUIDField()
    account = serializers.UUIDField()


class MasterChangeIn(serializers.Serializer[Any]):
    change = serializers.ChoiceField([each.value for each in connecting.Change])


class MasterOut(serializers.Serializer[MasterAccount]):
    id = serializers.UUIDField(source="public_id")
    strategy = serializers.UUIDField(source="strategy.public_id")
    account = serializers.UUIDField(source="account.public_id")
    state = serializers.ChoiceField(MasterState.choices)
    preview = serializers.BooleanField(help_text="Signals are written, and nobody gets them.")
    standing = serializers.SerializerMethodField(help_text="What becomes of what it trades now.")
    ignored_symbols = serializers.ListField(child=serializers.CharField())
    no_copy_prefix = serializers.CharField()
    connected_at = Moment()
    ended_at = Moment(allow_null=True)

    @extend_schema_field(serializers.ChoiceField([each.value for each in Standing]))
    def get_standing(self, row: MasterAccount) -> str:
        return standing_of(row, stream_of(row, timezone.now())).value


class MoveOut(serializers.Serializer[MasterMove]):
    """What one order did to the master's position within 300 ms, and what became of it."""

    master = serializers.UUIDField(source="master.public_id")
    state = serializers.ChoiceField(MoveState.choices)
    code = serializers.CharField(help_text="Why it, or what it opens, was not mirrored.")
    reason = serializers.SerializerMethodField()
    signal = serializers.UUIDField(source="signal.public_id", allow_null=True, default=None)
    symbol = serializers.CharField()
    side = serializers.CharField()
    quantity = Amount()
    price = Amount(allow_null=True)
    held_before = Amount(help_text="Below zero for a short.")
    close_pct = Percent(allow_null=True)
    opens = Amount()
    equity = Amount(allow_null=True)
    leverage = serializers.IntegerField(allow_null=True)
    margin_pct = Percent(allow_null=True)
    part_from_pct = Percent(allow_null=True, help_text="Of what its order opens: from here…")
    part_to_pct = Percent(allow_null=True, help_text="…to here.")
    at = Moment()

    def get_reason(self, row: MasterMove) -> str:
        return reason_of(row.code)


class MasterFilter(filtering.Filters):
    state = filtering.ChoiceFilter(choices=MasterState.choices)


class MoveFilter(filtering.Filters):
    state = filtering.ChoiceFilter(choices=MoveState.choices)
    master = filtering.UUIDFilter(field_name="master__public_id")
    symbol = filtering.CharFilter(max_length=32)


class Masters(OwnList[MasterAccount]):
    """Accounts of yours that speak for a strategy, and those that speak for yours."""

    selector = staticmethod(masters_of)
    serializer_class = MasterOut
    filterset_class = MasterFilter

    @extend_schema(request=MasterIn, responses={201: MasterOut}, operation_id="masters_connect")
    @idempotent
    @refuses(
        connecting.MasterNotAllowed, connecting.MasterUnfit, connecting.MasterConsent,
        connecting.MasterTaken, NotFound,
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Let an account of yours speak for a strategy of yours; in preview at first."""
        body = MasterIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked, person = body.validated_data, person_of(request)
        made = connecting.connect_master(
            strategy=get_object_or_404(own_strategies(person.pk), public_id=asked["strategy"]),
            account=get_object_or_404(connections_of(person.pk), public_id=asked["account"]),
            by=person,
            now=timezone.now(),
            rules=_rules(asked),
        )
        return Response(MasterOut(masters_of(person.pk).get(pk=made.pk)).data, status=201)


class Master(OwnDetail[MasterAccount]):
    """One master account."""

    selector = staticmethod(masters_of)
    serializer_class = MasterOut
    lookup_url_kwarg = "master_id"

    @extend_schema(request=MasterRulesIn, responses=MasterOut, operation_id="masters_rules")
    @refuses(connecting.MasterWrongState, connecting.MasterUnfit)
    def patch(self, request: Request, master_id: UUID) -> Response:
        """What is not mirrored of what is traded from now on; what is left out is as usual."""
        row: MasterAccount = self.get_object()
        body = MasterRulesIn(data=request.data)
        body.is_valid(raise_exception=True)
        rules = _rules(body.validated_data)
        connecting.set_rules(master=row, rules=rules, by=person_of(request))
        return Response(MasterOut(self.get_object()).data)


class ChangeMaster(APIView):
    @extend_schema(request=MasterChangeIn, responses=MasterOut, operation_id="masters_change")
    @idempotent
    @refuses(connecting.MasterWrongState)
    def post(self, request: Request, master_id: UUID) -> Response:
        """Pause (opens are not mirrored, closes are), resume, preview, publish, disconnect."""
        person = person_of(request)
        row = get_object_or_404(masters_of(person.pk), public_id=master_id)
        body = MasterChangeIn(data=request.data)
        body.is_valid(raise_exception=True)
        change = connecting.Change(body.validated_data["change"])
        connecting.change_master(master=row, change=change, by=person, now=timezone.now())
        return Response(MasterOut(masters_of(person.pk).get(pk=row.pk)).data)


class Moves(OwnList[MasterMove]):
    """What your masters did, and what became of it."""

    selector = staticmethod(moves_of)
    serializer_class = MoveOut
    filterset_class = MoveFilter


def _rules(asked: dict[str, Any]) -> connecting.Rules:
    return connecting.Rules(asked["ignored_symbols"], asked["no_copy_prefix"])
