"""Consents are given, withdrawn, and asked for anew when a text changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from accounts.models import Consent, ConsentKind, ConsentText, User
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import MimicError

_FACTS = ("kind", "version")
PUBLISHED = declare(
    "accounts.consent_text.publish", gettext_lazy("Consent text published"), facts=_FACTS
)
GIVEN = declare("accounts.consent.give", gettext_lazy("Consent given"), facts=_FACTS)
WITHDRAWN = declare("accounts.consent.withdraw", gettext_lazy("Consent taken back"), facts=["kind"])
Withdrawn = Callable[[int], None]
_dependents: dict[ConsentKind, list[Withdrawn]] = {}


class ConsentOutdated(MimicError):
    """Expected: the text changed while it was being read."""

    code = "consent.outdated"
    status = 409
    title = _("This text has changed since: read the new one")


class ConsentUnknown(MimicError):
    """Expected: nobody has published such a text."""

    code = "consent.unknown"
    status = 404
    title = _("There is no such text")


class ConsentTextIncomplete(MimicError):
    """Expected: a new version needs at least its English text."""

    code = "consent.incomplete"
    status = 422
    title = _("The English text is missing")


def depends_on(kind: ConsentKind, stop: Withdrawn) -> None:
    """Called once from an upper app's ``ready``: ``stop(user_id)`` runs, inside the withdrawal's
    transaction, when a person takes that consent back.
    """
    _dependents.setdefault(kind, []).append(stop)


@transaction.atomic(durable=True)
def publish_consent_text(*, kind: ConsentKind, bodies: Mapping[str, str], now: datetime) -> int:
    """Command: the next version, by language; returns its number. Everybody is asked again.

    Raises :class:`ConsentTextIncomplete` without an English text.
    """
    texts = {locale: body.strip() for locale, body in bodies.items() if body.strip()}
    if "en" not in texts:
        raise ConsentTextIncomplete()
    with connection.cursor() as cursor:  # two operators publish one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"consent text {kind}"])
    latest = ConsentText.objects.filter(kind=kind).aggregate(found=Max("version"))["found"] or 0
    ConsentText.objects.bulk_create(
        ConsentText(
            kind=kind, version=latest + 1, locale=locale, body=body, published_at=now,
            digest=hashlib.sha256(body.encode()).digest(),
        )
        for locale, body in texts.items()
    )  # fmt: skip
    record(PUBLISHED, facts={"kind": kind.value, "version": latest + 1})
    return int(latest) + 1


@transaction.atomic(durable=True)
def give_consent(
    *, person: User, kind: ConsentKind, version: int, locale: str, address: str | None,
    user_agent: str, now: datetime,
) -> Consent:  # fmt: skip
    """Command: on record with the text's digest; done twice it is done once.

    Raises :class:`ConsentUnknown`, :class:`ConsentOutdated`.
    """
    latest = ConsentText.objects.filter(kind=kind).order_by("-version").first()
    if latest is None:
        raise ConsentUnknown(kind)
    if latest.version != version:
        raise ConsentOutdated(f"version {latest.version} is in force")
    texts = {text.locale: text for text in ConsentText.objects.filter(kind=kind, version=version)}
    text = texts.get(locale) or texts["en"]
    given, fresh = Consent.objects.get_or_create(
        user=person,
        kind=kind,
        version=version,
        withdrawn_at=None,
        defaults={
            "locale": text.locale,
            "digest": text.digest,
            "given_at": now,
            "address": address or None,
            "user_agent": user_agent[:200],
        },
    )
    if fresh:
        record(GIVEN, target=given, by=person, facts={"kind": kind.value, "version": version})
    return given


@transaction.atomic(durable=True)
def withdraw_consent(*, person: User, kind: ConsentKind, now: datetime) -> bool:
    """Command: taken back at once, with what depends on it; False if there was none."""
    rows = Consent.objects.filter(user=person, kind=kind, withdrawn_at=None)
    if not rows.update(withdrawn_at=now):
        return False
    record(WITHDRAWN, by=person, facts={"kind": kind.value})
    for stop in _dependents.get(kind, ()):
        stop(person.pk)
    return True
