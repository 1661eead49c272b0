"""Browsers sign in, and are signed out: one, all others, or everything after a new password."""

from __future__ import annotations

from datetime import datetime

from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, BrowserSession, EndedBy, TokenFamily, User
from mimic.audit.actions import declare
from mimic.audit.services import Target, record
from mimic.core.fingerprint import Fingerprint
from mimic.web.people import close_sockets_of

SESSION_ENDED = declare(
    "accounts.session.end", _("Browser signed out"), facts=["device"], private=["network"]
)
PASSWORD_CHANGED = declare(
    "accounts.password.change", _("Password changed"), facts=["by_mail", "programs", "keys"]
)


@transaction.atomic
def begin_session(
    *, user: User, session_key: str, fingerprint: Fingerprint, now: datetime
) -> BrowserSession:
    """Operation: a browser has signed in. The same session may do so again."""
    row, _new = BrowserSession.objects.update_or_create(
        session_key=session_key,
        defaults={
            "user": user,
            "device": fingerprint.family,
            "network": fingerprint.network,
            "created_at": now,
            "seen_at": now,
        },
    )
    return row


@transaction.atomic(durable=True)
def end_session(*, session: BrowserSession) -> None:
    """Command: that browser is signed out now, its sockets too."""
    _end([session])


@transaction.atomic(durable=True)
def end_other_sessions(*, user: User, keep: str | None) -> int:
    """Command: every browser but the one with the session ``keep``; how many those were."""
    others = list(
        BrowserSession.objects.filter(user=user)
        .exclude(session_key=keep or "")
        .select_related("user")
    )
    _end(others)
    return len(others)


@transaction.atomic(durable=True)
def change_password(*, user: User, password: str, by_mail: bool, now: datetime) -> None:
    """Command: whoever got in by the old one is out: browsers by Django's hash of the password,
    programs and API keys here. Who has the new one gives keys anew. ``by_mail``: a link from a mail
    was the proof, not the old password.
    """
    user.set_password(password)
    user.save(update_fields=["password"])
    alive = TokenFamily.objects.filter(user=user, ended_at=None)
    programs = alive.update(ended_at=now, ended_by=EndedBy.PASSWORD)
    keys = ApiKey.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
    facts = {"by_mail": by_mail, "programs": programs, "keys": keys}
    record(PASSWORD_CHANGED, target=user, about=user, facts=facts)


def sweep_sessions(now: datetime) -> int:
    """Sweeper: forget sessions that expired, and what is told of those that are gone."""
    expired, _by_model = Session.objects.filter(expire_date__lt=now).delete()
    alive = Session.objects.values("session_key")
    gone, _by_model = BrowserSession.objects.exclude(session_key__in=alive).delete()
    return expired + gone


def _end(rows: list[BrowserSession]) -> None:
    Session.objects.filter(session_key__in=[each.session_key for each in rows]).delete()
    BrowserSession.objects.filter(pk__in=[each.pk for each in rows]).delete()
    for each in rows:
        record(
            SESSION_ENDED,
            target=Target("accounts.browsersession", str(each.public_id)),
            about=each.user,
            facts={"device": each.device},
            private={"network": each.network},
        )
        close_sockets_of(each.user_id, key=each.session_key)
