"""Receipts: what each signal did for each of a person's copies, and why."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mimic.api import filtering
from mimic.api.fields import Amount, Moment
from mimic.api.resources import OwnList
from mimic.core.ids import by_public_id
from trading.api.orders import OrderDetailOut
from trading.api.selectors.receipts import orders_of_receipt, receipts_of
from trading.copying.wording import line, side_of, why_this_much
from trading.domain.limits import Source
from trading.domain.receipts import StepName, plain
from trading.models import CopyExecution, ExecutionOutcome


class ReceiptOut(serializers.Serializer[CopyExecution]):
    """``line`` is for people, in the reader's language; ``code`` is for programs."""

    id = serializers.UUIDField(source="public_id")
    signal = serializers.UUIDField(source="signal.public_id")
    subscription = serializers.UUIDField(source="subscription.public_id")
    strategy = serializers.CharField(source="signal.strategy.name")
    account = serializers.UUIDField(source="account.public_id")
    symbol = serializers.CharField(source="signal.symbol")
    side = serializers.SerializerMethodField()
    outcome = serializers.ChoiceField(ExecutionOutcome.choices)
    code = serializers.CharField()
    line = serializers.SerializerMethodField()
    quantity = Amount(allow_null=True, help_text="Base units.")
    leverage = serializers.IntegerField(allow_null=True)
    received_at = Moment(help_text="When the signal reached us.")
    decided_at = Moment()
    sent_at = Moment(allow_null=True)
    acknowledged_at = Moment(allow_null=True)

    @extend_schema_field({"type": "string", "enum": ["buy", "sell"]})
    def get_side(self, row: CopyExecution) -> str:
        signal = row.signal
        return side_of(action=signal.action, direction=signal.direction, inputs=row.inputs)

    def get_line(self, row: CopyExecution) -> str:
        return line(
            code=row.code,
            side=self.get_side(row),
            quantity=plain(row.quantity) if row.quantity is not None else "",
            symbol=row.signal.symbol,
            message=row.venue_message,
        )


class StepOut(serializers.Serializer[dict[str, str]]):
    """One line of the calculation; quantities in base units."""

    name = serializers.ChoiceField([name.value for name in StepName])
    before = serializers.CharField(required=False)
    after = serializers.CharField()
    limit = serializers.CharField(required=False)
    formula = serializers.CharField(required=False)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        [each.value for each in Source], required=False, help_text="Who set the limit."
    )


class ReceiptDetailOut(ReceiptOut):
    """Everything that answers "why this much, or why nothing?"."""

    why = serializers.SerializerMethodField(
        help_text="How the quantity came about, in one line; empty when none was computed."
    )
    inputs = serializers.DictField(
        child=serializers.CharField(), help_text="What it was decided on, as it was then."
    )
    steps = StepOut(many=True, help_text="Formula, caps and rounding, in order.")
    orders = serializers.SerializerMethodField()

    def get_why(self, row: CopyExecution) -> str:
        return why_this_much(row.steps)

    @extend_schema_field(OrderDetailOut(many=True))
    def get_orders(self, row: CopyExecution) -> Any:
        return [OrderDetailOut(order).data for order in orders_of_receipt(row)]


class ReceiptFilter(filtering.Filters):
    outcome = filtering.ChoiceFilter(choices=ExecutionOutcome.choices)
    signal = filtering.UUIDFilter(field_name="signal__public_id")
    subscription = filtering.UUIDFilter(field_name="subscription__public_id")


class Receipts(OwnList[CopyExecution]):
    """Your receipts, newest first."""

    selector = staticmethod(receipts_of)
    serializer_class = ReceiptOut
    filterset_class = ReceiptFilter


class Receipt(APIView):
    """One receipt with the numbers it was decided on, every step, and its orders."""

    @extend_schema(responses=ReceiptDetailOut)
    def get(self, request: Request, receipt_id: UUID) -> Response:
        row = get_object_or_404(receipts_of(request.user.pk or 0), by_public_id(receipt_id))
        return Response(ReceiptDetailOut(row).data)
