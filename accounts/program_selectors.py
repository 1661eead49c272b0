"""Reading what people gave to programs: keys, and sign-ins."""

from __future__ import annotations

from datetime import date, datetime
from ipaddress import ip_network

from django.db.models import Q, QuerySet

from accounts.models import ApiKey, ApiKeyDay, TokenFamily
from mimic.core.network import parse_address, within
from mimic.core.tokens import digest_of

_LONGEST_KEY = 80  # characters


def in_force(keys: QuerySet[ApiKey], now: datetime) -> QuerySet[ApiKey]:
    """Those neither revoked nor expired."""
    return keys.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


def key_shown(secret: str, *, address: str, now: datetime) -> ApiKey | None:
    """The key in force that this is, with its person; None from a network it is not for."""
    if len(secret) > _LONGEST_KEY:
        return None
    known = ApiKey.objects.select_related("user").filter(
        digest=digest_of(secret), user__is_active=True
    )
    key = in_force(known, now).first()
    if key is None or not key.networks:
        return key
    allowed = (ip_network(each) for each in key.networks)
    return key if within(parse_address(address), allowed) else None


def keys_of(person_id: int) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(user_id=person_id).select_related("followed_by").order_by("-id")


def use_of(key: ApiKey, *, since: date) -> QuerySet[ApiKeyDay]:
    """Days on which it was used, the newest first."""
    return ApiKeyDay.objects.filter(key=key, day__gte=since).order_by("-day")


def sign_ins_of(person_id: int, now: datetime) -> QuerySet[TokenFamily]:
    """Programs that are signed in."""
    alive = TokenFamily.objects.filter(user_id=person_id, ended_at=None, expires_at__gt=now)
    return alive.order_by("-id")
