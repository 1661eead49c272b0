"""The person who asks, and how they want to see things."""

from __future__ import annotations

from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.second_factor import person_of
from accounts.models import Role, Theme, User
from accounts.models.user import Locale, validate_time_zone
from accounts.selectors import second_factor_of
from accounts.services.preferences import set_preferences
from mimic.api.fields import Moment, Text


def _known_zone(value: str) -> None:
    try:
        validate_time_zone(value)
    except DjangoValidationError:
        raise serializers.ValidationError("Not a zone of the IANA database.") from None


class MeOut(serializers.Serializer[User]):
    id = serializers.UUIDField(source="public_id")
    email = serializers.EmailField()
    display_name = serializers.CharField()
    role = serializers.ChoiceField(Role.choices)
    second_factor = serializers.SerializerMethodField(help_text="An app or a passkey is set up.")
    joined_at = Moment(source="date_joined")

    def get_second_factor(self, person: User) -> bool:
        return second_factor_of(person) is not None


class PreferencesOut(serializers.Serializer[User]):
    display_name = serializers.CharField()
    theme = serializers.ChoiceField(Theme.choices)
    colour_blind = serializers.BooleanField()
    red_is_up = serializers.BooleanField()
    time_zone = serializers.CharField()
    language = serializers.ChoiceField(Locale.choices, source="locale")
    base_currency = serializers.CharField()


class PreferencesIn(serializers.Serializer[User]):
    display_name = Text(required=False, allow_blank=True, max_length=80)
    theme = serializers.ChoiceField(Theme.choices, required=False)
    colour_blind = serializers.BooleanField(required=False)
    red_is_up = serializers.BooleanField(required=False)
    time_zone = Text(
        required=False, validators=[_known_zone], help_text="IANA name, such as Europe/Kyiv."
    )
    language = serializers.ChoiceField(Locale.choices, source="locale", required=False)
    base_currency = serializers.RegexField(r"^[A-Z0-9]{2,10}$", required=False)


class Me(APIView):
    """Who you are here."""

    @extend_schema(responses=MeOut, operation_id="me")
    def get(self, request: Request) -> Response:
        return Response(MeOut(person_of(request)).data)


class Prefs(APIView):
    """Name, theme, colours, zone, language and currency."""

    @extend_schema(responses=PreferencesOut, operation_id="prefs")
    def get(self, request: Request) -> Response:
        return Response(PreferencesOut(person_of(request)).data)

    @extend_schema(request=PreferencesIn, responses=PreferencesOut, operation_id="prefs_change")
    def patch(self, request: Request) -> Response:
        """Change what the body names; the rest stays."""
        wanted = PreferencesIn(data=request.data)
        wanted.is_valid(raise_exception=True)
        person = set_preferences(person=person_of(request), wanted=wanted.validated_data)
        return Response(PreferencesOut(person).data)
