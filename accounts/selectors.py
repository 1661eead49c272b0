"""Reading people."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Consent, ConsentKind, ConsentText, TotpDevice, User


def totp_device(user: User) -> TotpDevice | None:
    """The person's second factor, or None."""
    devices = TotpDevice.objects.select_related("authenticator").filter(user_id=user.pk)
    found: TotpDevice | None = devices.first()
    return found


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
