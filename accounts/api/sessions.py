"""Browsers that are signed in as the person who asks."""

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
from accounts.models import BrowserSession, User
from accounts.selectors import browsers_of
from accounts.services.sessions import end_session
from mimic.api.fields import Moment


class SessionOut(serializers.Serializer[BrowserSession]):
    id = serializers.UUIDField(source="public_id")
    device = serializers.CharField(help_text="Browser and system, such as Firefox, Linux.")
    network = serializers.CharField(help_text="It signed in from here: a /24, a /48, or nothing.")
    signed_in_at = Moment(source="created_at")
    seen_at = Moment(help_text="At most two minutes behind.")


class Sessions(ListAPIView[BrowserSession]):
    """Browsers that are signed in."""

    serializer_class = SessionOut

    def get_queryset(self) -> QuerySet[BrowserSession]:
        user = self.request.user
        if not isinstance(user, User):  # the document is made without one
            return BrowserSession.objects.none()
        return browsers_of(user, timezone.now())


class SessionDetail(APIView):
    @extend_schema(responses={204: None}, operation_id="me_sessions_end")
    def delete(self, request: Request, session_id: UUID) -> Response:
        """Sign that browser out, with its sockets, now."""
        rows = browsers_of(person_of(request), timezone.now())
        end_session(session=get_object_or_404(rows, public_id=session_id))
        return Response(status=status.HTTP_204_NO_CONTENT)
