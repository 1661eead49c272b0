"""Signals that wait for their follower: what waits, and the answer."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.services.consents import ConsentOutdated
from mimic.api.contract import refuses
from mimic.api.fields import Amount, Moment, Percent
from mimic.api.idempotency import idempotent
from mimic.core.network import client_ip
from trading.api.receipts import ReceiptOut
from trading.api.selectors.receipts import receipts_of
from trading.copying.approvals import (
    Answer,
    ApprovalDecided,
    ApprovalExpired,
    ApprovalNotFound,
    answer_signal,
)
from trading.copying.approvals_selectors import WaitingRow, waiting_for
from trading.models import ApprovalDecision, ExchangeAccount


class WaitingOut(serializers.Serializer[WaitingRow]):
    """``price`` and ``margin`` (quote currency) are as of the signal; an approval decides anew."""

    id = serializers.UUIDField(source="public_id", help_text="The receipt's.")
    signal = serializers.UUIDField()
    subscription = serializers.UUIDField()
    strategy = serializers.CharField()
    account = serializers.CharField(help_text="Its name.")
    kind = serializers.ChoiceField(ExchangeAccount.Kind.choices)
    symbol = serializers.CharField()
    side = serializers.ChoiceField(["long", "short"])
    quantity = Amount(help_text="Base units.")
    leverage = serializers.IntegerField()
    price = Amount(allow_null=True)
    margin = Amount(allow_null=True)
    entry = Amount(allow_null=True, help_text="The signal's.")
    stop_loss_pct = Percent(allow_null=True)
    received_at = Moment()
    valid_until = Moment(allow_null=True, help_text="An answer after it is refused.")


class AnswerIn(serializers.Serializer[Any]):
    signal_id = serializers.UUIDField()
    decision = serializers.ChoiceField(ApprovalDecision.choices)
    consent_version = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=32_767,
        help_text="The copy-trading disclosure that you have read; asked of approvals.",
    )  # fmt: skip
    subscription_id = serializers.UUIDField(
        required=False, allow_null=True, help_text="Left out: all your copies that wait for it."
    )


class Approvals(APIView):
    """What waits for your answer, what ends first on top; 50 at most."""

    @extend_schema(responses=WaitingOut(many=True), operation_id="approvals")
    def get(self, request: Request) -> Response:
        rows = waiting_for(user_id=request.user.pk or 0, now=timezone.now())
        return Response([WaitingOut(row).data for row in rows])


class Approve(APIView):
    @extend_schema(request=AnswerIn, responses={201: ReceiptOut(many=True)}, operation_id="approve")
    @idempotent
    @refuses(ApprovalNotFound, ApprovalDecided, ApprovalExpired, ConsentOutdated)
    def post(self, request: Request) -> Response:
        """Approve or reject, once. An approval meets every rule anew: the receipts in the answer
        say what was ordered, or why it was too late for that.
        """
        body = AnswerIn(data=request.data)
        body.is_valid(raise_exception=True)
        asked, person_id = body.validated_data, request.user.pk or 0
        told = answer_signal(
            person_id=person_id,
            signal_id=asked["signal_id"],
            subscription_id=asked.get("subscription_id"),
            answer=Answer(
                ApprovalDecision(asked["decision"]),
                asked.get("consent_version"),
                client_ip(request._request) or None,
                request.headers.get("User-Agent", ""),
            ),
            now=timezone.now(),
        )
        receipts = receipts_of(person_id).filter(pk__in=told).order_by("pk")
        return Response([ReceiptOut(row).data for row in receipts], status=201)
