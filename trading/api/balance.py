"""What the accounts are worth, now and over time."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mimic.api import filtering
from mimic.api.fields import Amount, Moment
from mimic.api.resources import OwnList
from trading.api.selectors.books import balances_of, equity_of
from trading.models import AccountBudget, EquityPoint, ExchangeAccount


class AccountBalanceOut(serializers.Serializer[AccountBudget]):
    """As of the newest snapshot; ``free`` leaves out what orders under way have reserved."""

    account = serializers.UUIDField(source="account.public_id")
    kind = serializers.ChoiceField(ExchangeAccount.Kind.choices, source="account.kind")
    currency = serializers.CharField(source="account.currency")
    equity = Amount()
    free = Amount()
    reserved = Amount(source="margin_reserved")
    at = Moment(source="snapshot_at", allow_null=True)


class BalanceOut(serializers.Serializer[dict[str, Any]]):
    """``real`` leaves out what is practised with: paper and demo accounts."""

    equity = serializers.DictField(child=Amount(), help_text="By currency, over all accounts.")
    real = serializers.DictField(child=Amount(), help_text="By currency, over live accounts.")
    accounts = AccountBalanceOut(many=True)


class EquityPointOut(serializers.Serializer[EquityPoint]):
    account = serializers.UUIDField(source="account.public_id")
    equity = Amount()
    at = Moment()


class EquityFilter(filtering.Filters):
    account = filtering.UUIDFilter(field_name="account__public_id")
    since = filtering.MomentFilter(field_name="at", lookup_expr="gte")
    until = filtering.MomentFilter(field_name="at", lookup_expr="lt")


class Balance(APIView):
    @extend_schema(responses=BalanceOut, operation_id="balance")
    def get(self, request: Request) -> Response:
        """What your accounts are worth by their newest snapshots."""
        rows = list(balances_of(request.user.pk or 0))
        live = [row for row in rows if row.account.kind == ExchangeAccount.Kind.LIVE]
        answer = {"equity": _sums(rows), "real": _sums(live), "accounts": rows}
        return Response(BalanceOut(answer).data)


class BalanceHistory(OwnList[EquityPoint]):
    """Points of the equity curves: one when an account's equity changed, at least each hour."""

    selector = staticmethod(equity_of)
    serializer_class = EquityPointOut
    filterset_class = EquityFilter


def _sums(rows: list[AccountBudget]) -> dict[str, Any]:
    sums: dict[str, Any] = {}
    for row in rows:
        sums[row.account.currency] = sums.get(row.account.currency, 0) + row.equity
    return sums
