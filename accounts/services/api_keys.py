"""Keys for programs are made, followed by another, and revoked. A key is shown once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, User
from accounts.program_selectors import in_force
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import Conflict
from mimic.core.tokens import digest_of, generate_token

MOST_KEYS = 20
LONGEST_OVERLAP = timedelta(days=7)
PREFIX = "mk_"
_SHOWN = len(PREFIX) + 6
MADE = declare("accounts.api_key.make", _("API key made"), facts=["prefix", "scopes", "follows"])
REVOKED = declare("accounts.api_key.revoke", _("API key revoked"), facts=["prefix"])
TIER_SET = declare("accounts.api_key.tier", _("API key's tier set"), facts=["prefix", "tier"])


class TooManyKeys(Conflict):
    """Revoke one that is not needed any more."""

    code, status, title = "api_key.too_many", 409, f"You have {MOST_KEYS} keys already"


class KeyNotInForce(Conflict):
    """Revoked, expired or followed by another already: make a new one."""

    code, status, title = "api_key.not_in_force", 409, "This key cannot be followed by another"


@dataclass(frozen=True, slots=True)
class Terms:
    """What a key may do, from which networks (CIDR; none: anywhere), and until when."""

    name: str
    scopes: Sequence[str]
    networks: Sequence[str]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Made:
    key: ApiKey
    secret: str = field(repr=False)


@transaction.atomic(durable=True)
def create_key(*, user: User, terms: Terms, now: datetime) -> Made:
    """Command. Raises :class:`TooManyKeys`."""
    User.objects.select_for_update().get(pk=user.pk)  # two requests do not both make the last one
    if in_force(ApiKey.objects.filter(user=user), now).count() >= MOST_KEYS:
        raise TooManyKeys
    return _make(
        ApiKey(
            user=user,
            name=terms.name,
            scopes=sorted(set(terms.scopes)),
            networks=sorted(set(terms.networks)),
            created_at=now,
            expires_at=terms.expires_at,
        )
    )


@transaction.atomic(durable=True)
def rotate_key(*, key: ApiKey, overlap: timedelta, now: datetime) -> Made:
    """Command: a new key with the same terms and as long a life; the old one works for ``overlap``.

    Raises :class:`KeyNotInForce`.
    """
    old = in_force(ApiKey.objects.filter(pk=key.pk), now).select_for_update().first()
    if old is None or ApiKey.objects.filter(follows=old).exists():
        raise KeyNotInForce
    life = None if old.expires_at is None else old.expires_at - old.created_at
    made = _make(
        ApiKey(
            user_id=old.user_id,
            name=old.name,
            scopes=old.scopes,
            networks=old.networks,
            tier=old.tier,
            follows=old,
            created_at=now,
            expires_at=None if life is None else now + life,
        )
    )
    ends = now + min(overlap, LONGEST_OVERLAP)
    old.expires_at = ends if old.expires_at is None else min(ends, old.expires_at)
    old.save(update_fields=["expires_at"])
    return made


@transaction.atomic(durable=True)
def revoke_key(*, key: ApiKey, now: datetime) -> bool:
    """Command: it opens nothing from now on. False if that was so before."""
    if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
        return False
    record(REVOKED, target=key, facts={"prefix": key.prefix})
    return True


@transaction.atomic(durable=True)
def set_tier(*, key: ApiKey, tier: str) -> None:
    """Command: how often it may ask from now on."""
    ApiKey.objects.filter(pk=key.pk).update(tier=tier)
    record(TIER_SET, target=key, facts={"prefix": key.prefix, "tier": tier})


def _make(key: ApiKey) -> Made:
    secret = PREFIX + generate_token()
    key.prefix, key.digest = secret[:_SHOWN], digest_of(secret)
    key.save(force_insert=True)
    facts = {
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "follows": key.follows.prefix if key.follows else None,
    }
    record(MADE, target=key, about=key.user, facts=facts)
    return Made(key, secret)
