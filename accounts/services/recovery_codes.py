"""Recovery codes are made ten at a time and shown once; each opens a sign-in once."""

from __future__ import annotations

import base64
import secrets
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import RecoveryCode, User
from accounts.selectors import second_factor_of
from accounts.services.refusals import SecondFactorMissing
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.tokens import digest_of

MADE = declare("accounts.recovery_codes.make", _("Recovery codes made"))
SPENT = declare("accounts.recovery_codes.spend", _("Recovery code used"), facts=["left"])
HOW_MANY = 10
_BYTES, _GROUP = 15, 6


@transaction.atomic(durable=True)
def make_recovery_codes(*, user: User) -> list[str]:
    """Command: new codes, as people write them; those from before are worth nothing any more.

    Raises :class:`SecondFactorMissing`: there is nothing to recover from.
    """
    User.objects.select_for_update().get(pk=user.pk)  # or two requests show codes, one set works
    if second_factor_of(user) is None:
        raise SecondFactorMissing
    kind = Authenticator.Type.RECOVERY_CODES
    Authenticator.objects.filter(user=user, type=kind).delete()
    authenticator = Authenticator.objects.create(user=user, type=kind, data={})
    codes = [_new_code() for _ in range(HOW_MANY)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(authenticator=authenticator, digest=_digest(user, code)) for code in codes
    )
    record(MADE, target=user, about=user)
    return codes


def spend_recovery_code(*, user: User, code: str, now: datetime) -> Authenticator | None:
    """Operation: the authenticator that the code belongs to, None if it is not good (any more)."""
    found = RecoveryCode.objects.filter(
        authenticator__user_id=user.pk, digest=_digest(user, code), used_at=None
    ).first()
    if found is None:
        return None
    fresh = RecoveryCode.objects.filter(pk=found.pk, used_at=None).update(used_at=now)
    if not fresh:
        return None
    left = RecoveryCode.objects.filter(authenticator_id=found.authenticator_id, used_at=None)
    record(SPENT, target=user, by=user, facts={"left": left.count()})
    return found.authenticator


def _new_code() -> str:
    text = base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))


def _digest(user: User, code: str) -> bytes:
    plain = code.lower().replace("-", "").replace(" ", "")
    return digest_of(f"recovery-code:{user.pk}:{plain}")
