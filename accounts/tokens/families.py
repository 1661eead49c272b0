"""Sign-ins of programs: they begin, go on by refresh tokens that work once, and end.

A refresh token that comes a second time was copied: by whom nobody can tell, so the whole family
ends (RFC 9700 §4.14.2). A program that lost the answer to a refresh therefore signs in again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import EndedBy, RefreshToken, TokenFamily, User
from accounts.tokens.access import issue_access
from accounts.tokens.signing import ACCESS_LIFE
from mimic.audit.actions import declare
from mimic.audit.services import Target, record
from mimic.core.errors import MimicError
from mimic.core.tokens import digest_of, generate_token
from mimic.web.people import close_sockets_of

FAMILY_LIFE = timedelta(days=30)
IDLE_LIFE = timedelta(days=14)
KEPT_AFTER_END = timedelta(days=30)
_PREFIX = "mr_"  # so that a leaked one is recognised for what it is


class RefreshRefused(MimicError):
    """Unknown, spent, expired, or its sign-in has ended: sign in again."""

    code, status, title = "auth.refresh_refused", 401, "The refresh token is not good any more"


@dataclass(frozen=True, slots=True)
class Program:
    """What is known of the program that signs in. ``address`` is None on a Unix socket."""

    label: str
    address: str | None


SIGNED_IN = declare(
    "accounts.program.sign_in", _("Program signed in"), facts=["second_factor"], private=["label"]
)
ENDED = declare("accounts.program.end", _("Program signed out"), facts=["by"])


@dataclass(frozen=True, slots=True)
class Tokens:
    """``expires_in`` is in seconds, of the access token."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    refresh_expires_at: datetime
    expires_in: int = int(ACCESS_LIFE.total_seconds())


@transaction.atomic(durable=True)
def begin_family(*, user: User, program: Program, second_factor: bool, now: datetime) -> Tokens:
    """Command: the tokens of a new sign-in. Who it is has been proved."""
    family = TokenFamily.objects.create(
        user=user,
        label=program.label,
        address=program.address,
        password_mark=user.get_session_auth_hash(),
        second_factor=second_factor,
        created_at=now,
        expires_at=now + FAMILY_LIFE,
    )
    record(
        SIGNED_IN,
        target=family,
        by=user,
        facts={"second_factor": second_factor},
        private={"label": program.label},
    )
    return _issue(family, user, now)


def refresh_family(*, token: str, now: datetime) -> Tokens:
    """Command: new tokens for a refresh token, which is spent by it.

    Raises :class:`RefreshRefused`, the same whatever was wrong.
    """
    tokens = _refreshed(token, now)
    if tokens is None:
        raise RefreshRefused
    return tokens


@transaction.atomic(durable=True)
def _refreshed(token: str, now: datetime) -> Tokens | None:
    """None is returned rather than raised: what reuse ended must be committed."""
    found = _find(token)
    if found is None:
        return None
    family = TokenFamily.objects.select_for_update(of=("self",)).select_related("user").get(
        pk=found.family_id
    )  # fmt: skip
    spent = RefreshToken.objects.filter(pk=found.pk, used_at=None).update(used_at=now)
    if not spent:
        _end(family.pk, EndedBy.REUSE, now)
        return None
    alive = family.ended_at is None and min(found.expires_at, family.expires_at) > now
    if not alive or not family.user.is_active or not family.password_holds():
        return None
    return _issue(family, family.user, now)


@transaction.atomic(durable=True)
def log_out(*, token: str, now: datetime) -> None:
    """Command: end the sign-in of a refresh token. One that is unknown is none of our business."""
    found = _find(token)
    if found is not None:
        _end(found.family_id, EndedBy.LOGOUT, now)


@transaction.atomic(durable=True)
def end_family(*, family: TokenFamily, by: EndedBy, now: datetime) -> bool:
    """Command: its tokens are worth nothing from now on. False if it had ended before."""
    return _end(family.pk, by, now)


def sweep_families(now: datetime) -> int:
    """Sweeper: forget sign-ins a month after they expired."""
    old = TokenFamily.objects.filter(expires_at__lt=now - KEPT_AFTER_END)
    count, _by_model = old.delete()
    return count


def _find(token: str) -> RefreshToken | None:
    if not token.startswith(_PREFIX) or len(token) > 100:
        return None
    return RefreshToken.objects.filter(digest=digest_of(token)).first()


def socket_key(family_id: int) -> str:
    """What names a program's sign-in to its sockets."""
    return f"program:{family_id}"


def _end(family_id: int, by: EndedBy, now: datetime) -> bool:
    family = TokenFamily.objects.filter(pk=family_id)
    if not family.filter(ended_at=None).update(ended_at=now, ended_by=by):
        return False
    close_sockets_of(family.values_list("user_id", flat=True).get(), key=socket_key(family_id))
    record(ENDED, target=Target("accounts.tokenfamily", str(family_id)), facts={"by": by.value})
    return True


def _issue(family: TokenFamily, user: User, now: datetime) -> Tokens:
    secret = _PREFIX + generate_token() + generate_token()
    expires_at = min(now + IDLE_LIFE, family.expires_at)
    RefreshToken.objects.create(family=family, digest=digest_of(secret), expires_at=expires_at)
    access = issue_access(family=family, user=user, now=now)
    return Tokens(access, secret, expires_at)
