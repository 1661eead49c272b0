"""Programs that are signed in as the person who asks."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.second_factor import person_of
from accounts.models import EndedBy, TokenFamily
from accounts.program_selectors import sign_ins_of
from accounts.tokens.families import end_family
from mimic.api.fields import Moment


class SignInOut(serializers.Serializer[TokenFamily]):
    id = serializers.UUIDField(source="public_id")
    program = serializers.CharField(source="label")
    address = serializers.CharField(allow_null=True)
    second_factor = serializers.BooleanField(help_text="A code was shown.")
    signed_in_at = Moment(source="created_at")
    expires_at = Moment()


class SignIns(ListAPIView[TokenFamily]):
    """Programs that are signed in with an access token."""

    serializer_class = SignInOut

    def get_queryset(self) -> QuerySet[TokenFamily]:
        return sign_ins_of(self.request.user.pk or 0, timezone.now())


class SignIn(APIView):
    @extend_schema(responses={204: None}, operation_id="me_sign_ins_end")
    def delete(self, request: Request, sign_in_id: UUID) -> Response:
        """End a program's sign-in: its tokens are worth nothing from now on."""
        now = timezone.now()
        rows = sign_ins_of(person_of(request).pk, now)
        family = get_object_or_404(rows, public_id=sign_in_id)
        end_family(family=family, by=EndedBy.PERSON, now=now)
        return Response(status=status.HTTP_204_NO_CONTENT)
