"""What one agreed to; agreeing to the text in force; taking it back."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.second_factor import person_of
from accounts.models import ConsentKind
from accounts.models.user import Locale
from accounts.selectors import ConsentState, consent_states
from accounts.services.consents import (
    ConsentOutdated,
    ConsentUnknown,
    give_consent,
    withdraw_consent,
)
from mimic.api.contract import refuses
from mimic.api.fields import Moment
from mimic.core.network import client_ip


class ConsentOut(serializers.Serializer[ConsentState]):
    kind = serializers.ChoiceField(ConsentKind.choices)
    version = serializers.IntegerField(source="text.version", help_text="The version in force.")
    language = serializers.ChoiceField(Locale.choices, source="text.locale")
    text = serializers.CharField(source="text.body")
    published_at = Moment(source="text.published_at")
    given_at = Moment(source="given.given_at", default=None, allow_null=True)
    changed_since = serializers.SerializerMethodField(
        help_text="You agreed to an earlier version, not yet to this one."
    )

    def get_changed_since(self, state: ConsentState) -> bool:
        return state.given is None and state.earlier


class GiveIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(ConsentKind.choices)
    version = serializers.IntegerField(min_value=1, max_value=32_767)


class WithdrawIn(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(ConsentKind.choices)


class Consents(APIView):
    """Every text in force and whether you agreed to it."""

    @extend_schema(responses=ConsentOut(many=True), operation_id="consents")
    def get(self, request: Request) -> Response:
        return Response(_states(request))

    @extend_schema(request=GiveIn, responses=ConsentOut(many=True), operation_id="consents_give")
    @refuses(ConsentOutdated, ConsentUnknown)
    def post(self, request: Request) -> Response:
        """Agree to the version that you read; another one in force is a 409."""
        asked = GiveIn(data=request.data)
        asked.is_valid(raise_exception=True)
        person = person_of(request)
        give_consent(
            person=person,
            kind=ConsentKind(asked.validated_data["kind"]),
            version=asked.validated_data["version"],
            locale=person.locale,
            address=client_ip(request._request) or None,
            user_agent=request.headers.get("User-Agent", ""),
            now=timezone.now(),
        )
        return Response(_states(request))


class WithdrawConsent(APIView):
    """Take a consent back: at once, with what depends on it."""

    @extend_schema(
        request=WithdrawIn, responses=ConsentOut(many=True), operation_id="consents_withdraw"
    )
    def post(self, request: Request) -> Response:
        """Taking back what was not given changes nothing."""
        asked = WithdrawIn(data=request.data)
        asked.is_valid(raise_exception=True)
        kind = ConsentKind(asked.validated_data["kind"])
        withdraw_consent(person=person_of(request), kind=kind, now=timezone.now())
        return Response(_states(request))


def _states(request: Request) -> Any:
    person = person_of(request)
    states = consent_states(person, locale=person.locale)
    return [ConsentOut(state).data for state in states]
