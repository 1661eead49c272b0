"""A person's API keys: made, looked at, followed by another, revoked."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.second_factor import asks_for_code, person_of, spend_code
from accounts.models import ApiKey, ApiKeyDay, KeyTier
from accounts.program_selectors import keys_of, use_of
from accounts.services import api_keys
from mimic.api.bodies import valid_body
from mimic.api.contract import refuses
from mimic.api.fields import Moment, ShortList, Text
from mimic.api.resources import OwnDetail, OwnList
from mimic.api.scopes import Scope

_WIDEST = {4: 8, 6: 16}
_USAGE_DAYS = 90


def _network(text: str) -> str:
    """The CIDR as it is stored. Raises ValidationError."""
    try:
        network = ip_network(text.strip())
    except ValueError:
        raise serializers.ValidationError(
            "An address or a network, such as 203.0.113.0/24."
        ) from None
    if network.prefixlen < _WIDEST[network.version]:
        raise serializers.ValidationError("That is too much of the internet: leave it out.")
    return str(network)


class NetworkField(Text):
    """An address or a CIDR without host bits."""

    def to_internal_value(self, data: Any) -> str:
        return _network(super().to_internal_value(data))


class ApiKeyIn(serializers.Serializer[Any]):
    name = Text(max_length=60)
    scopes = ShortList(
        child=serializers.ChoiceField([scope.value for scope in Scope]),
        min_length=1, max_length=len(Scope),
    )  # fmt: skip
    networks = ShortList(
        child=NetworkField(max_length=43), max_length=20, default=list,
        help_text="Addresses or CIDRs that may use it; none means from anywhere.",
    )  # fmt: skip
    expires_in_days = serializers.IntegerField(
        min_value=1, max_value=730, allow_null=True, default=None
    )


class RotateIn(serializers.Serializer[Any]):
    overlap_hours = serializers.IntegerField(
        min_value=0, max_value=168, default=24, help_text="How long the old key still works."
    )


class ApiKeyOut(serializers.Serializer[ApiKey]):
    id = serializers.UUIDField(source="public_id")
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="What the key begins with.")
    scopes = serializers.ListField(child=serializers.ChoiceField([each.value for each in Scope]))
    networks = serializers.ListField(child=serializers.CharField())
    tier = serializers.ChoiceField(KeyTier.choices)
    in_force = serializers.SerializerMethodField()
    followed_by = serializers.SerializerMethodField(help_text="The key that took its place.")
    created_at = Moment()
    expires_at = Moment(allow_null=True)
    revoked_at = Moment(allow_null=True)
    last_used_at = Moment(allow_null=True, help_text="At most a minute behind.")
    last_used_address = serializers.CharField(allow_null=True)

    def get_in_force(self, key: ApiKey) -> bool:
        expired = key.expires_at is not None and key.expires_at <= timezone.now()
        return key.revoked_at is None and not expired

    def get_followed_by(self, key: ApiKey) -> UUID | None:
        newer: ApiKey | None = getattr(key, "followed_by", None)
        return newer.public_id if newer else None


class MadeOut(serializers.Serializer[api_keys.Made]):
    secret = serializers.CharField(help_text="The key itself. It is never shown again.")
    key = ApiKeyOut()


class UsageOut(serializers.Serializer[ApiKeyDay]):
    day = serializers.DateField()
    requests = serializers.IntegerField()


class ApiKeys(OwnList[ApiKey]):
    """Your API keys, those no longer in force too."""

    selector = staticmethod(keys_of)
    serializer_class = ApiKeyOut

    @extend_schema(request=ApiKeyIn, responses={201: MadeOut}, operation_id="api_keys_create")
    @asks_for_code
    @refuses(api_keys.TooManyKeys)
    def post(self, request: Request) -> Response:
        """Make a key. The answer shows it once, so it is not kept for an Idempotency-Key either."""
        wanted = valid_body(ApiKeyIn, request)
        days, now = wanted.pop("expires_in_days"), timezone.now()
        expires_at = None if days is None else now + timedelta(days=days)
        spend_code(request)
        made = api_keys.create_key(
            user=person_of(request), terms=api_keys.Terms(expires_at=expires_at, **wanted), now=now
        )
        return Response(MadeOut(made).data, status=status.HTTP_201_CREATED)


class ApiKeyDetail(OwnDetail[ApiKey]):
    """One of your API keys."""

    selector = staticmethod(keys_of)
    serializer_class = ApiKeyOut
    lookup_url_kwarg = "key_id"

    @extend_schema(responses={204: None}, operation_id="api_keys_revoke")
    def delete(self, request: Request, key_id: UUID) -> Response:
        """Revoke it: it opens nothing from now on. Twice is once."""
        api_keys.revoke_key(key=self.get_object(), now=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)


class RotateApiKey(APIView):
    @extend_schema(request=RotateIn, responses={201: MadeOut}, operation_id="api_keys_rotate")
    @asks_for_code
    @refuses(api_keys.KeyNotInForce)
    def post(self, request: Request, key_id: UUID) -> Response:
        """Let a new key follow, with the same terms; the old one works for a while longer."""
        key = get_object_or_404(keys_of(person_of(request).pk), public_id=key_id)
        overlap = timedelta(hours=valid_body(RotateIn, request)["overlap_hours"])
        spend_code(request)
        made = api_keys.rotate_key(key=key, overlap=overlap, now=timezone.now())
        return Response(MadeOut(made).data, status=status.HTTP_201_CREATED)


class ApiKeyUsage(APIView):
    @extend_schema(responses=UsageOut(many=True), operation_id="api_keys_usage")
    def get(self, request: Request, key_id: UUID) -> Response:
        """Requests by day (UTC) of the last 90 days; days without any are left out."""
        key = get_object_or_404(keys_of(person_of(request).pk), public_id=key_id)
        since = (timezone.now() - timedelta(days=_USAGE_DAYS)).date()
        return Response(UsageOut(list(use_of(key, since=since)), many=True).data)  # type: ignore[arg-type]
