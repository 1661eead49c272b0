"""How a copy is sized and capped: read it, change it, see first what a change would do."""

from __future__ import annotations

from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mimic.api.contract import refuses
from mimic.api.idempotency import idempotent
from trading.api.selectors.copies import copies_of
from trading.api.settings_shapes import ChangeIn, OwnSettingsOut, PreviewOut, SettingsIn
from trading.copying import settings as copy_settings
from trading.copying.settings_preview import preview_of
from trading.models import CopySubscription


class _OfCopy(APIView):
    """One of the person's copies; anybody else's is not there."""

    def own(self, request: Request, subscription_id: UUID) -> CopySubscription:
        return get_object_or_404(copies_of(request.user.pk or 0), public_id=subscription_id)


class Settings(_OfCopy):
    @extend_schema(responses=OwnSettingsOut, operation_id="subscriptions_settings_retrieve")
    def get(self, request: Request, subscription_id: UUID) -> Response:
        """The version in force, and how much of the account is left."""
        row = self.own(request, subscription_id)
        left = copy_settings.allocation_left_for(row)
        return Response(OwnSettingsOut(row.settings, context={"left": left}).data)

    @extend_schema(
        request=ChangeIn, responses=OwnSettingsOut, operation_id="subscriptions_settings_change"
    )
    @idempotent
    @refuses(copy_settings.SettingsInvalid, copy_settings.AllocationExceeded)
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """Put a new version in force, for new positions only."""
        row = self.own(request, subscription_id)
        body = ChangeIn(data=request.data)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        over = values.pop("over_allocate")
        changed = copy_settings.change_settings(
            subscription=row, values=values, now=timezone.now(), over_allocate=over
        )
        left = copy_settings.allocation_left_for(row)
        return Response(OwnSettingsOut(changed.settings, context={"left": left}).data)


class SettingsPreview(_OfCopy):
    @extend_schema(
        request=SettingsIn, responses=PreviewOut, operation_id="subscriptions_settings_preview"
    )
    @refuses(copy_settings.SettingsInvalid)
    def post(self, request: Request, subscription_id: UUID) -> Response:
        """What the strategy's last five opens would get, before and after; nothing is changed."""
        row = self.own(request, subscription_id)
        body = SettingsIn(data=request.data)
        body.is_valid(raise_exception=True)
        shown = preview_of(subscription=row, values=body.validated_data, now=timezone.now())
        return Response(PreviewOut(shown).data)
