"""Beginning: a practice account, and copying a strategy on an account."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.second_factor import person_of
from mimic.api.contract import refuses
from mimic.core.errors import NotFound
from trading.api.exchange_shapes import ExchangeOut
from trading.api.selectors.connections import connections_of
from trading.api.settings_shapes import SettingsIn
from trading.copying import settings as copy_settings
from trading.copying import starting
from trading.copying.offers import offered_strategies
from trading.execution.paper_accounts import NoPaperMarket, open_paper_account
from trading.models import CopyMode, CopySubscription

REFUSALS = (
    starting.ConsentNeeded, starting.NotOffered, starting.AccountNotReady, starting.AlreadyCopied,
    copy_settings.SettingsInvalid, copy_settings.AllocationExceeded, NotFound,
)  # fmt: skip


class SubscribeIn(serializers.Serializer[Any]):
    strategy = serializers.UUIDField()
    account = serializers.UUIDField()
    mode = serializers.ChoiceField(CopyMode.choices, default=CopyMode.AUTO)
    settings = SettingsIn(required=False, help_text="What is left out has a careful default.")
    over_allocate = serializers.BooleanField(
        default=False, help_text="Meant: the copies of the account together get more than all."
    )


class PaperEnable(APIView):
    @extend_schema(request=None, responses=ExchangeOut, operation_id="paper_enable")
    @refuses(NoPaperMarket)
    def post(self, request: Request) -> Response:
        """A practice account with play money; the one you have already, if you have one."""
        person = person_of(request)
        account = open_paper_account(user=person, now=timezone.now())
        return Response(ExchangeOut(connections_of(person.pk).get(pk=account.pk)).data)


def subscribed(request: Request) -> CopySubscription:
    """What the body asks for, done. 404 for an account or a strategy that is not there."""
    body = SubscribeIn(data=request.data)
    body.is_valid(raise_exception=True)
    asked, person = body.validated_data, person_of(request)
    return starting.start_copying(
        user=person,
        strategy=get_object_or_404(offered_strategies(), public_id=asked["strategy"]),
        account=get_object_or_404(connections_of(person.pk), public_id=asked["account"]),
        mode=CopyMode(asked["mode"]),
        values=asked.get("settings", {}),
        now=timezone.now(),
        over_allocate=asked["over_allocate"],
    )
