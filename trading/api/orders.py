"""Orders: what was asked of a venue, and what came of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mimic.api import filtering
from mimic.api.fields import Amount, Moment
from mimic.api.resources import OwnList
from mimic.core.ids import by_public_id
from trading.api.selectors.books import orders_of
from trading.domain.orders import OrderStatus
from trading.domain.ports import Side
from trading.models import AttemptOutcome, Order, OrderAttempt
from trading.models.orders import STATUS_LABELS, Origin

_STATUSES = [(status.value, STATUS_LABELS[status]) for status in OrderStatus]


class OrderOut(serializers.Serializer[Order]):
    id = serializers.UUIDField(source="public_id")
    account = serializers.UUIDField(source="account.public_id")
    receipt = serializers.UUIDField(allow_null=True, help_text="What asked for it, if a copy did.")
    origin = serializers.ChoiceField(Origin.choices, source="origin_kind")
    symbol = serializers.CharField()
    side = serializers.ChoiceField([side.value for side in Side])
    reduce_only = serializers.BooleanField()
    quantity = Amount(help_text="Base units.")
    filled = Amount()
    average_price = Amount(allow_null=True)
    leverage = serializers.IntegerField()
    status = serializers.ChoiceField(_STATUSES)
    code = serializers.CharField()
    message = serializers.CharField(help_text="The venue's own words.")
    created_at = Moment()
    sent_at = Moment(allow_null=True)
    acknowledged_at = Moment(allow_null=True)
    closed_at = Moment(allow_null=True)


class AttemptOut(serializers.Serializer[OrderAttempt]):
    """One POST to the venue."""

    number = serializers.IntegerField()
    client_id = serializers.CharField(help_text="What the venue knows the order by.")
    outcome = serializers.ChoiceField(AttemptOutcome.choices)
    venue_order_id = serializers.CharField()
    venue_code = serializers.CharField()
    message = serializers.CharField()
    sent_at = Moment(allow_null=True)
    answered_at = Moment(allow_null=True)


class OrderDetailOut(OrderOut):
    attempts = AttemptOut(source="tries.all", many=True)


class OrderFilter(filtering.Filters):
    status = filtering.ChoiceFilter(choices=_STATUSES)
    symbol = filtering.CharFilter(max_length=32)
    account = filtering.UUIDFilter(field_name="account__public_id")
    open = filtering.BooleanFilter(
        field_name="closed_at", lookup_expr="isnull", label="Still at work, or ended."
    )


class Orders(OwnList[Order]):
    """Orders on your accounts."""

    selector = staticmethod(orders_of)
    serializer_class = OrderOut
    filterset_class = OrderFilter


class OrderDetail(APIView):
    @extend_schema(responses=OrderDetailOut)
    def get(self, request: Request, order_id: UUID) -> Response:
        """One order with every attempt to place it."""
        rows: QuerySet[Any] = orders_of(request.user.pk or 0).prefetch_related("tries")
        return Response(OrderDetailOut(get_object_or_404(rows, by_public_id(order_id))).data)
