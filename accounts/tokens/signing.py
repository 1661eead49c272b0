"""The keys that sign access tokens, and how one follows another.

A new key signs at once. The one before stays accepted until the last token it signed has expired;
revoking it ends those tokens now. Each token's header names its key (``kid``, RFC 7515 §4.1.4).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import SigningKey
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.at_rest import open_text, seal_text
from mimic.core.ids import uuid7
from mimic.web.people import look_at_sockets_again

ACCESS_LIFE = timedelta(minutes=15)
OVERLAP = ACCESS_LIFE + timedelta(minutes=1)  # and a signature that was under way
ROTATED_AFTER = timedelta(days=90)
_PURPOSE = b"mimic/accounts/token-signing/v1"
_BITS = 2048
REVOKED = declare("accounts.signing_key.revoke", _("Token signing key revoked"), facts=["kid"])
_LOCK = 0x6D696D6B  # "mimk": one process at a time makes a key


def current_key(*, now: datetime) -> SigningKey:
    """The key that signs; the first one is made when it is asked for."""
    return SigningKey.objects.filter(accepted_until=None).first() or _first_key(now)


@transaction.atomic
def _first_key(now: datetime) -> SigningKey:
    _alone()
    return SigningKey.objects.filter(accepted_until=None).first() or _make_key(now)


@transaction.atomic
def rotate_signing_key(*, now: datetime) -> SigningKey:
    """A new key signs from now on; tokens of the one before live out their minutes."""
    _alone()
    SigningKey.objects.filter(accepted_until=None).update(accepted_until=now + OVERLAP)
    return _make_key(now)


@transaction.atomic
def revoke_signing_key(*, key: SigningKey, now: datetime) -> None:
    """Nothing that this key signed is accepted any more. If it was the one that signs, another
    takes its place.
    """
    _alone()
    SigningKey.objects.filter(pk=key.pk).update(accepted_until=now)
    record(REVOKED, target=key, facts={"kid": key.kid})
    look_at_sockets_again()
    if not SigningKey.objects.filter(accepted_until=None).exists():
        _make_key(now)


def sweep_signing_keys(now: datetime) -> int:
    """Sweeper: a key that has signed for 90 days is followed by a new one, old ones are forgotten.

    A house without programs has no key, and gets none.
    """
    gone, _by_model = SigningKey.objects.filter(accepted_until__lt=now - ROTATED_AFTER).delete()
    aged = SigningKey.objects.filter(accepted_until=None, created_at__lt=now - ROTATED_AFTER)
    if not aged.exists():
        return gone
    rotate_signing_key(now=now)
    return gone + 1


@lru_cache(maxsize=4)
def private_key(sealed: str) -> rsa.RSAPrivateKey:
    """Opened once a process. Raises :class:`mimic.core.at_rest.SecretUnreadable`."""
    pem = open_text(sealed, purpose=_PURPOSE)
    found = serialization.load_pem_private_key(pem.encode(), password=None)
    assert isinstance(found, rsa.RSAPrivateKey)  # nothing else is ever stored
    return found


@lru_cache(maxsize=16)
def public_key(pem: str) -> rsa.RSAPublicKey:
    found = serialization.load_pem_public_key(pem.encode())
    assert isinstance(found, rsa.RSAPublicKey)
    return found


def _alone() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _make_key(now: datetime) -> SigningKey:
    pair = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    private = pair.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = pair.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return SigningKey.objects.create(
        kid=uuid7().hex,
        public_key=public.decode(),
        private_key=seal_text(private.decode(), purpose=_PURPOSE),
        created_at=now,
    )
