"""Reading people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django_otp.models import Device

from accounts.models import (
    BrowserSession,
    Consent,
    ConsentKind,
    ConsentText,
    PasskeyDevice,
    RecoveryCode,
    TotpDevice,
    User,
)


def totp_device(user: User) -> TotpDevice | None:
    """The person's authenticator app, or None."""
    devices = TotpDevice.objects.select_related("authenticator").filter(user_id=user.pk)
    found: TotpDevice | None = devices.first()
    return found


def passkeys_of(user: User) -> QuerySet[PasskeyDevice]:
    devices: QuerySet[PasskeyDevice] = PasskeyDevice.objects.filter(user_id=user.pk)
    return devices.select_related("authenticator").order_by("pk")


def second_factor_of(user: User) -> Device | None:
    """The person's app, else a passkey of theirs, else None: then a password alone signs in."""
    return totp_device(user) or passkeys_of(user).first()


def browsers_of(user: User, now: datetime) -> QuerySet[BrowserSession]:
    """Those that are signed in, the last seen first."""
    alive = Session.objects.filter(expire_date__gt=now).values("session_key")
    found = BrowserSession.objects.filter(user_id=user.pk, session_key__in=alive)
    return found.order_by("-seen_at", "-pk")


def recovery_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(authenticator__user_id=user.pk, used_at=None).count()


@dataclass(frozen=True, slots=True)
class ConsentState:
    """A text in force as one person sees it; ``given`` is their agreement to this very version,
    ``earlier`` says that they agreed to an older one.
    """

    text: ConsentText
    given: Consent | None
    earlier: bool

    @property
    def kind(self) -> ConsentKind:
        return ConsentKind(self.text.kind)


def consent_states(user: User, *, locale: str) -> list[ConsentState]:
    """Every text in force, in that language where it was written, else in English."""
    latest: dict[str, ConsentText] = {}
    for text in ConsentText.objects.filter(locale__in=(locale, "en")).order_by("kind", "-version"):
        kept = latest.setdefault(text.kind, text)
        if text.version == kept.version and text.locale == locale:
            latest[text.kind] = text
    given: dict[str, dict[int, Consent]] = {}
    for consent in Consent.objects.filter(user=user, withdrawn_at=None):
        given.setdefault(consent.kind, {})[consent.version] = consent
    order = list(ConsentKind)
    return [
        ConsentState(text, given.get(text.kind, {}).get(text.version), earlier=text.kind in given)
        for text in sorted(latest.values(), key=lambda text: order.index(ConsentKind(text.kind)))
    ]


def version_in_force(kind: ConsentKind) -> int | None:
    """Of that text; None while nobody has published one."""
    versions = ConsentText.objects.filter(kind=kind).order_by("-version")
    return versions.values_list("version", flat=True).first()


def consent_missing(user_id: int, kind: ConsentKind) -> bool:
    """Whether a text is in force that the person has not agreed to."""
    version = version_in_force(kind)
    if version is None:
        return False
    agreed = Consent.objects.filter(user_id=user_id, kind=kind, version=version, withdrawn_at=None)
    return not agreed.exists()
