"""Positions by our books, and the same marked to the newest quotes."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mimic.api import filtering
from mimic.api.fields import Amount, Moment, Percent
from mimic.api.resources import OwnList
from trading.api.selectors.books import positions_of
from trading.execution.selectors import PositionRow, open_positions
from trading.models import Position

_SIDE = {"type": "string", "enum": ["long", "short", "flat"]}


class PositionOut(serializers.Serializer[Position]):
    """A row stays when the position is closed, with quantity 0 and what it earned."""

    id = serializers.UUIDField(source="public_id")
    account = serializers.UUIDField(source="account.public_id")
    symbol = serializers.CharField()
    side = serializers.SerializerMethodField()
    quantity = serializers.SerializerMethodField(help_text="Base units, without a sign.")
    entry_price = Amount()
    leverage = serializers.IntegerField()
    realised = Amount(help_text="Profit of what was closed, before fees.")
    fees = Amount()
    opened_at = Moment(allow_null=True)
    updated_at = Moment()

    @extend_schema_field(_SIDE)
    def get_side(self, row: Position) -> str:
        if not row.quantity:
            return "flat"
        return "long" if row.quantity > 0 else "short"

    @extend_schema_field(Amount())
    def get_quantity(self, row: Position) -> str:
        return str(Amount().to_representation(abs(row.quantity)))


class LivePositionOut(serializers.Serializer[PositionRow]):
    """``mark`` and profit are null while no quote of the instrument is known."""

    id = serializers.UUIDField()
    symbol = serializers.CharField()
    side = serializers.ChoiceField(["long", "short"])
    leverage = serializers.IntegerField()
    quantity = Amount(help_text="Base units, without a sign.")
    entry = Amount()
    mark = Amount(allow_null=True)
    mark_at = Moment(allow_null=True)
    pnl = Amount(allow_null=True, help_text="Open profit in quote currency.")
    pnl_pct = Percent(allow_null=True, help_text="Of the initial margin.")
    strategy = serializers.CharField()
    account = serializers.CharField(help_text="The account's name.")
    venue = serializers.CharField()


class LivePositionsOut(serializers.Serializer[dict[str, list[PositionRow]]]):
    results = LivePositionOut(many=True)


class PositionFilter(filtering.Filters):
    symbol = filtering.CharFilter(max_length=32)
    account = filtering.UUIDFilter(field_name="account__public_id")
    closed = filtering.BooleanFilter(
        field_name="quantity", method="by_end", label="Only closed ones, or only open ones."
    )

    def by_end(self, rows: QuerySet[Position], _name: str, closed: bool) -> QuerySet[Position]:
        return rows.filter(quantity=0) if closed else rows.exclude(quantity=0)


class Positions(OwnList[Position]):
    """Positions on your accounts by our books."""

    selector = staticmethod(positions_of)
    serializer_class = PositionOut
    filterset_class = PositionFilter


class LivePositions(APIView):
    @extend_schema(responses=LivePositionsOut, operation_id="positions_live")
    def get(self, request: Request) -> Response:
        """What you hold now, all of it, marked to the newest quotes."""
        rows = open_positions(user_id=request.user.pk or 0)
        return Response(LivePositionsOut({"results": rows}).data)
