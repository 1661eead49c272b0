"""Access tokens: a JWT (RFC 9068) for 15 minutes that still dies the moment its sign-in ends.

Reading one costs one statement by two unique indexes: its key, its family and the person. The
family row is what makes it revocable at once; the signature is checked with the key of that same
statement, so a revoked key is refused at once as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import jwt
from django.conf import settings
from django.db.models import Q, Subquery

from accounts.models import SigningKey, TokenFamily, User
from accounts.tokens.signing import ACCESS_LIFE, current_key, private_key, public_key
from mimic.core.errors import NotAuthenticated
from mimic.core.ids import uuid7

_ALGORITHM = "RS256"
_TYPE = "at+jwt"
_CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp"]
_KID = re.compile("[0-9a-f]{32}")
_LONGEST = 2_000  # characters; ours have about 800
REFUSED = "The access token is not valid: refresh it, or sign in."


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose token it was, which sign-in of theirs, and when it expires."""

    user: User
    family: TokenFamily
    expires_at: datetime


def audience() -> str:
    return f"{settings.SITE_URL}/api/v1"


def issue_access(*, family: TokenFamily, user: User, now: datetime) -> str:
    """A new access token of this sign-in."""
    key = current_key(now=now)
    claims = {
        "iss": settings.SITE_URL,
        "aud": audience(),
        "sub": str(user.public_id),
        "sid": str(family.public_id),
        "jti": uuid7().hex,
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LIFE).timestamp()),
        "amr": ["pwd", "otp"] if family.second_factor else ["pwd"],  # RFC 8176
    }
    headers = {"kid": key.kid, "typ": _TYPE}
    return jwt.encode(claims, private_key(key.private_key), algorithm=_ALGORITHM, headers=headers)


def read_access(token: str, *, now: datetime) -> Bearer:
    """Raises :class:`NotAuthenticated`, the same whatever was wrong."""
    try:
        kid, session = _names(token)
    except (jwt.InvalidTokenError, ValueError, KeyError, RecursionError):
        raise NotAuthenticated(REFUSED) from None
    family = _family(kid, session, now)
    expires_at = None if family is None else _verified(token, family)
    if expires_at is None or not family.password_holds():
        raise NotAuthenticated(REFUSED)
    return Bearer(family.user, family, min(expires_at, family.expires_at))


def _names(token: str) -> tuple[str, UUID]:
    """What the token says of itself, unproven: which key, which family."""
    if len(token) > _LONGEST:
        raise ValueError(token[:10])
    header = jwt.get_unverified_header(token)
    said: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    kid = str(header["kid"])
    if (header.get("alg"), header.get("typ")) != (_ALGORITHM, _TYPE) or not _KID.fullmatch(kid):
        raise ValueError(kid)
    return kid, UUID(str(said["sid"]))


def _family(kid: str, session: UUID, now: datetime) -> Any:
    accepted = Q(accepted_until=None) | Q(accepted_until__gt=now)
    pem = SigningKey.objects.filter(accepted, kid=kid).values("public_key")
    alive = TokenFamily.objects.filter(
        public_id=session, ended_at=None, expires_at__gt=now, user__is_active=True
    )
    return alive.select_related("user").annotate(key_pem=Subquery(pem)).first()


def _verified(token: str, family: Any) -> datetime | None:
    """Until when it is good; None if it is not."""
    if family.key_pem is None:
        return None
    try:
        claims = jwt.decode(
            token,
            public_key(family.key_pem),
            algorithms=[_ALGORITHM],
            audience=audience(),
            issuer=settings.SITE_URL,
            options={"require": _CLAIMS},
        )
    except jwt.InvalidTokenError:
        return None
    theirs = claims["sub"] == str(family.user.public_id)
    return datetime.fromtimestamp(claims["exp"], UTC) if theirs else None
