"""Exchange accounts: connect, look, test, rename, remove. The commands are the pages' own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.second_factor import asks_for_code, person_of, spend_code
from mimic.api import filtering
from mimic.api.contract import refuses
from mimic.api.idempotency import idempotent
from mimic.api.resources import OwnList
from trading.api.exchange_shapes import (
    ConnectIn,
    ExchangeOut,
    ExchangeTestOut,
    LabelIn,
    VenueOut,
)
from trading.api.selectors.connections import connections_of
from trading.domain.ports import Credentials
from trading.execution import connecting
from trading.execution.connections import offered_venues
from trading.execution.key_limits import TooManyChecks, count_check
from trading.models import AccountState, ExchangeAccount


class ExchangeFilter(filtering.Filters):
    state = filtering.ChoiceFilter(choices=AccountState.choices)
    kind = filtering.ChoiceFilter(choices=ExchangeAccount.Kind.choices)


class Exchanges(OwnList[ExchangeAccount]):
    """Your exchange accounts, but for those that you removed."""

    selector = staticmethod(connections_of)
    serializer_class = ExchangeOut
    filterset_class = ExchangeFilter

    @extend_schema(request=ConnectIn, responses={201: ExchangeOut}, operation_id="exchanges_add")
    @idempotent
    @asks_for_code
    @refuses(connecting.VenueNotOffered, connecting.LabelTaken, TooManyChecks)
    @sensitive_variables("body", "given", "credentials")
    def post(self, request: Request) -> Response:
        """Connect an account. Its keys are tried at the venue before anything is traded."""
        body = ConnectIn(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        person = person_of(request)
        venue = offered_venues().filter(code=given["venue"]).first()
        if venue is None:
            raise connecting.VenueNotOffered(given["venue"])
        credentials = Credentials(given["api_key"], given["secret"], given["passphrase"])
        spend_code(request)
        count_check(person.pk)
        made = connecting.connect_account(
            user=person,
            venue=venue,
            label=given["label"],
            credentials=credentials,
            demo=given["demo"],
            now=timezone.now(),
        )
        return Response(_shown(request, made.public_id), status=status.HTTP_201_CREATED)


class ExchangeView(APIView):
    """One of the person's accounts; anybody else's is not there."""

    def own(self, request: Request, exchange_id: UUID) -> ExchangeAccount:
        rows = connections_of(person_of(request).pk)
        return get_object_or_404(rows, public_id=exchange_id)


class Exchange(ExchangeView):
    @extend_schema(responses=ExchangeOut, operation_id="exchanges_retrieve")
    def get(self, request: Request, exchange_id: UUID) -> Response:
        """One account with its newest live check."""
        return Response(ExchangeOut(self.own(request, exchange_id)).data)

    @extend_schema(request=LabelIn, responses=ExchangeOut, operation_id="exchanges_rename")
    @refuses(connecting.LabelTaken)
    def patch(self, request: Request, exchange_id: UUID) -> Response:
        """Give it another name."""
        row = self.own(request, exchange_id)
        body = LabelIn(data=request.data)
        body.is_valid(raise_exception=True)
        connecting.rename_account(account=row, label=body.validated_data["label"])
        return Response(_shown(request, exchange_id))

    @extend_schema(request=None, responses={204: None}, operation_id="exchanges_remove")
    @asks_for_code
    @refuses(connecting.AccountInUse, connecting.WrongState)
    def delete(self, request: Request, exchange_id: UUID) -> Response:
        """Give the account up: its keys are erased here, its history stays."""
        row = self.own(request, exchange_id)
        if row.kind == ExchangeAccount.Kind.PAPER:
            raise connecting.WrongState("a paper account has nothing at a venue to give up")
        spend_code(request)
        connecting.remove_account(account=row, by=person_of(request), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class ExchangeTest(ExchangeView):
    @extend_schema(responses=ExchangeTestOut, operation_id="exchanges_test_retrieve")
    def get(self, request: Request, exchange_id: UUID) -> Response:
        """What came of the newest test."""
        return Response(ExchangeTestOut(self.own(request, exchange_id)).data)

    @extend_schema(request=None, responses={202: ExchangeTestOut}, operation_id="exchanges_test")
    @refuses(connecting.NoKeys, TooManyChecks)
    def post(self, request: Request, exchange_id: UUID) -> Response:
        """Have the keys tried at the venue; the answer is at this address a moment later."""
        row = self.own(request, exchange_id)
        count_check(row.user_id)
        connecting.recheck_account(account=row, now=timezone.now())
        asked = ExchangeTestOut(self.own(request, exchange_id))
        return Response(asked.data, status=status.HTTP_202_ACCEPTED)


class Venues(APIView):
    @extend_schema(responses=VenueOut(many=True), operation_id="venues_list")
    def get(self, request: Request) -> Response:
        """Where an account may be connected, by tier."""
        return Response([VenueOut(venue).data for venue in offered_venues()])


def _shown(request: Request, exchange_id: UUID) -> Any:
    row = connections_of(person_of(request).pk).get(public_id=exchange_id)
    return ExchangeOut(row).data
