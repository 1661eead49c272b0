"""For operators: accounts whose keys passed and that wait for somebody's word."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.second_factor import IsOperator, person_of
from mimic.api.contract import refuses
from mimic.api.fields import Moment, Text
from mimic.api.idempotency import idempotent
from trading.api.exchange_shapes import ExchangeOut
from trading.api.selectors.connections import waiting_connections
from trading.execution import connecting
from trading.models import AccountState, ExchangeAccount


class MaySee(IsOperator):
    permission = "trading.view_exchangeaccount"


class MayDecide(IsOperator):
    permission = "trading.change_exchangeaccount"


class PendingOut(ExchangeOut):
    """``since`` is when the keys passed."""

    person = serializers.EmailField(source="user.email")
    since = Moment(allow_null=True)


class RejectIn(serializers.Serializer[Any]):
    reason = Text(min_length=5, max_length=200, help_text="The owner reads it, word by word.")


class DecidedOut(serializers.Serializer[ExchangeAccount]):
    id = serializers.UUIDField(source="public_id")
    state = serializers.ChoiceField(AccountState.choices)


class PendingExchanges(ListAPIView[ExchangeAccount]):
    """Accounts that wait for an operator."""

    permission_classes = [MaySee]
    serializer_class = PendingOut

    def get_queryset(self) -> QuerySet[ExchangeAccount]:
        return waiting_connections()


class ApproveExchange(APIView):
    permission_classes = [MayDecide]

    @extend_schema(request=None, responses=DecidedOut, operation_id="admin_exchanges_approve")
    @idempotent
    @refuses(connecting.WrongState)
    def post(self, request: Request, exchange_id: UUID) -> Response:
        """Let the account trade."""
        row = get_object_or_404(ExchangeAccount, public_id=exchange_id)
        connecting.approve_account(account=row, by=person_of(request), now=timezone.now())
        return _decided(exchange_id)


class RejectExchange(APIView):
    permission_classes = [MayDecide]

    @extend_schema(request=RejectIn, responses=DecidedOut, operation_id="admin_exchanges_reject")
    @refuses(connecting.WrongState)
    def post(self, request: Request, exchange_id: UUID) -> Response:
        """Do not let it trade, and say why."""
        row = get_object_or_404(ExchangeAccount, public_id=exchange_id)
        body = RejectIn(data=request.data)
        body.is_valid(raise_exception=True)
        reason, now = body.validated_data["reason"], timezone.now()
        connecting.turn_down_account(account=row, by=person_of(request), reason=reason, now=now)
        return _decided(exchange_id)


def _decided(exchange_id: UUID) -> Response:
    return Response(DecidedOut(ExchangeAccount.objects.get(public_id=exchange_id)).data)
