"""Joining what a strategy holds already."""

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
from mimic.api.fields import Amount, Moment, Percent, ShortList
from mimic.api.idempotency import idempotent
from trading.api.selectors.copies import copies_of
from trading.copying.subscription_states import WrongStatus
from trading.copying.targets.joining import Joinable, join_positions, preview_join


class JoinableOut(serializers.Serializer[Joinable]):
    """``quantity``, ``margin`` and ``fee`` are null where a rule refuses; ``code`` says which."""

    signal = serializers.UUIDField(source="signal.public_id")
    symbol = serializers.CharField(source="signal.symbol")
    side = serializers.ChoiceField(["long", "short"])
    opened_at = Moment(source="signal.received_at")
    entry = Amount(allow_null=True, help_text="The signal's.")
    price = Amount(allow_null=True, help_text="What an order would meet now.")
    deviation_pct = Percent(allow_null=True, help_text="How much worse; negative is better.")
    code = serializers.CharField()
    quantity = Amount(allow_null=True, help_text="Base units.")
    margin = Amount(allow_null=True, help_text="Quote currency.")
    fee = Amount(allow_null=True, help_text="Estimated, quote currency.")


class JoinIn(serializers.Serializer[Any]):
    signals = ShortList(child=serializers.UUIDField(), min_length=1, max_length=100)


class Join(APIView):
    @extend_schema(responses=JoinableOut(many=True), operation_id="subscriptions_join_preview")
    def get(self, request: Request, subscription_id: UUID) -> Response:
        """What the strategy holds and the copy does not, as it would be joined now, each alone."""
        row = get_object_or_404(copies_of(request.user.pk or 0), public_id=subscription_id)
        return Response([JoinableOut(each).data for each in preview_join(row, timezone.now())])

    @extend_schema(
        request=JoinIn, responses=JoinableOut(many=True), operation_id="subscriptions_join"
    )
    @idempotent
    @refuses(WrongStatus)
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """Join these, decided anew one after the other: what has a quantity in the answer was
        ordered. What is not open any more is not in it.
        """
        row = get_object_or_404(copies_of(request.user.pk or 0), public_id=subscription_id)
        body = JoinIn(data=request.data)
        body.is_valid(raise_exception=True)
        wanted, now = set(body.validated_data["signals"]), timezone.now()
        found = preview_join(row, now)
        chosen = [each.signal.pk for each in found if each.signal.public_id in wanted]
        done = join_positions(subscription=row, signal_ids=chosen, now=now)
        return Response([JoinableOut(each).data for each in done])
