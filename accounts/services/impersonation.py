"""An operator sees the site as a person does: for minutes, without touching anything, on record.

What is kept stands in the operator's own session, which lies in the database. Nothing is written
as the person, and the console and the sign-in pages stay the operator's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from accounts.models import User
from mimic.audit.actions import declare
from mimic.audit.services import Target, record
from mimic.core.errors import MimicError
from mimic.web.sign_in import IMPERSONATION

SPAN: Final = timedelta(minutes=15)
BEGUN = declare(
    "accounts.impersonation.begin", gettext_lazy("Impersonation began"), private=["reason"]
)
SEEN = declare("accounts.impersonation.see", gettext_lazy("Seen as a person"), facts=["page"])
TRIED = declare(
    "accounts.impersonation.refuse", gettext_lazy("Change refused while impersonating"),
    facts=["page", "method"],
)  # fmt: skip
ENDED = declare("accounts.impersonation.end", gettext_lazy("Impersonation ended"), facts=["why"])


class CannotImpersonate(MimicError):
    """Expected; show the text."""

    code, status = "impersonation.refused", 409
    title = _("Only the eyes of active people who are no staff can be borrowed")


class LooksOnly(MimicError):
    """Expected: whoever looks through another's eyes changes nothing."""

    code, status = "impersonation.read_only", 403
    title = _("You are looking as somebody else: nothing can be changed")


@dataclass(frozen=True, slots=True)
class Borrowed:
    """Whose eyes, and until when."""

    person: User
    until: datetime


def begin(*, request: HttpRequest, person: User, reason: str, now: datetime) -> None:
    """Command: from the next page on the operator sees what ``person`` sees, and nobody else.

    The caller has asked for a reason and a fresh code. Raises :class:`CannotImpersonate`.
    """
    if person.is_staff or not person.is_active:
        raise CannotImpersonate
    end(request=request, why="replaced")
    until = now + SPAN
    request.session[IMPERSONATION] = {"person": person.pk, "until": until.isoformat()}
    record(BEGUN, target=person, private={"reason": reason})


def end(*, request: HttpRequest, why: str) -> None:
    """Command: the operator's own eyes again; harmless if they are."""
    kept: dict[str, Any] | None = request.session.pop(IMPERSONATION, None)
    if kept is not None:
        record(ENDED, target=Target("accounts.user", str(kept["person"])), facts={"why": why})


def kept_by(session: SessionBase) -> dict[str, Any] | None:
    """What a session says of it, whether it is in force or not."""
    kept: dict[str, Any] | None = session.get(IMPERSONATION)
    return kept


def end_if_ended_elsewhere(*, request: HttpRequest, since: dict[str, Any] | None) -> None:
    """A request writes back the session as it read it (``since``): one that took long must not
    bring back what was ended meanwhile.
    """
    session = request.session
    if since is None or not session.modified or kept_by(session) != since:
        return
    if kept_by(type(session)(session.session_key)) != since:
        del session[IMPERSONATION]


def borrowed(*, request: HttpRequest, now: datetime) -> Borrowed | None:
    """What is in force for a session that has begun it; what is not any more is ended here."""
    kept = kept_by(request.session)
    if kept is None:
        return None
    operator: Any = request.user
    until = datetime.fromisoformat(kept["until"])
    person = User.objects.filter(pk=kept["person"], is_active=True, is_staff=False).first()
    allowed = operator.is_verified() and operator.has_perm("accounts.impersonate_user")
    why = "expired" if now >= until else "" if person is not None and allowed else "not_allowed"
    if why or person is None:
        end(request=request, why=why)
        return None
    return Borrowed(person, until)
