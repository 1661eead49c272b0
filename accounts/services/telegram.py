"""Telegram accounts are linked and unlinked; each payload of Telegram's opens one thing."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from accounts.lockout import Attempt, guarded
from accounts.models import TelegramAccount, TelegramUsed, User
from accounts.services.programs import SignInRefused, second_factor_shown
from accounts.sign_in_trail import FAILED
from accounts.telegram.checks import Told
from accounts.tokens.families import Program, Tokens, begin_family
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import Conflict
from mimic.core.network import client_ip
from mimic.ops.metrics import auth_login

LINKED = declare("accounts.telegram.link", gettext_lazy("Telegram linked"), private=["telegram_id"])
UNLINKED = declare("accounts.telegram.unlink", gettext_lazy("Telegram unlinked"))


class TelegramTaken(Conflict):
    """It signs another person in: unlink it there first."""

    code, status = "telegram.taken", 409
    title = _("This Telegram account is linked to another person.")


@transaction.atomic(durable=True)
def spend_payload(*, told: Told, now: datetime) -> bool:
    """Command: False if it opened something before, or at the same moment."""
    TelegramUsed.objects.filter(until__lt=now).delete()
    _row, fresh = TelegramUsed.objects.get_or_create(seal=told.seal, defaults={"until": told.until})
    return fresh


@transaction.atomic(durable=True)
def link_telegram(*, user: User, told: Told, now: datetime) -> TelegramAccount:
    """Command: from now on that account signs the person in; one they had before does not.

    Raises :class:`TelegramTaken`.
    """
    User.objects.select_for_update().get(pk=user.pk)
    TelegramAccount.objects.filter(user=user).delete()
    try:
        with transaction.atomic():
            linked = TelegramAccount.objects.create(
                user=user,
                telegram_id=told.telegram_id,
                name=told.name,
                username=told.username,
                linked_at=now,
            )
    except IntegrityError:
        raise TelegramTaken from None
    record(LINKED, target=user, by=user, private={"telegram_id": told.telegram_id})
    return linked


@transaction.atomic(durable=True)
def unlink_telegram(*, user: User) -> bool:
    """Command: False if there was nothing to unlink."""
    gone, _by_model = TelegramAccount.objects.filter(user=user).delete()
    if gone:
        record(UNLINKED, target=user, by=user)
    return gone > 0


def person_at_telegram(told: Told) -> User | None:
    """Whom that account signs in, unless they are blocked."""
    linked = TelegramAccount.objects.select_related("user").filter(telegram_id=told.telegram_id)
    found = linked.filter(user__is_active=True).first()
    return found.user if found else None


def telegram_refused(told: Told | None) -> None:
    """Tell the audit of an answer of Telegram's, if it was one, that signed nobody in."""
    record(FAILED, about=person_at_telegram(told) if told else None, facts={"why": "telegram"})


def sign_in_mini_app(
    *, request: HttpRequest, told: Told | None, code: str, program: Program, now: datetime
) -> Tokens:
    """Command: tokens for a Mini App. A second factor is asked for as everywhere; until its code is
    right the payload is not spent.

    Raises SignInRefused, and TooManyRequests for who has failed too often (lockout).
    """
    address = client_ip(request)
    # Nobody can lock others out by sending nonsense: that has a name of its own.
    who = f"telegram:{told.telegram_id}" if told else f"telegram from {address}"
    proved = guarded(Attempt(who, address), lambda: _proved(told, code, now))
    auth_login.labels("refused" if proved is None else "signed_in").inc()
    if proved is None:
        telegram_refused(told)
        raise SignInRefused
    user, second_factor = proved
    return begin_family(user=user, program=program, second_factor=second_factor, now=now)


def _proved(told: Told | None, code: str, now: datetime) -> tuple[User, bool] | None:
    user = person_at_telegram(told) if told else None
    if told is None or user is None:
        return None
    shown = second_factor_shown(user=user, code=code)
    if shown is None or not spend_payload(told=told, now=now):
        return None
    return user, shown
