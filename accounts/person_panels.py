"""What accounts tell on the console's page about a person: who they are, how they sign in."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Consent, User
from accounts.program_selectors import in_force, keys_of, sign_ins_of
from accounts.selectors import browsers_of
from mimic.console.display import NOTHING, show_age
from mimic.console.panels import Panel, Row, register_person_panel


def register() -> None:
    register_person_panel("identity", _identity, order=10)
    register_person_panel("sign-in", _sign_in, order=20)
    register_person_panel("consents", _consents, order=60)


def _identity(_request: HttpRequest, person_id: int) -> Panel:
    person, now = User.objects.get(pk=person_id), timezone.now()
    rows = [
        Row(_("Role"), [person.get_role_display()]),
        Row(_("Active"), [gettext("yes") if person.is_active else gettext("no")],
            tone="up" if person.is_active else "down"),
        Row(_("Joined"), [show_age(person.date_joined, now)]),
        Row(_("Last sign-in"), [show_age(person.last_login, now)]),
        Row(_("Language, zone"), [f"{person.locale}, {person.time_zone}"]),
        Row(_("Public id"), [str(person.public_id)]),
    ]  # fmt: skip
    return Panel(_("Person"), [_("what"), ""], rows)


def _sign_in(_request: HttpRequest, person_id: int) -> Panel:
    """Ways in, never what opens them."""
    now = timezone.now()
    emails = EmailAddress.objects.filter(user_id=person_id).order_by("-primary", "email")
    rows = [
        Row(each.email, [_verified(each.verified), NOTHING], tone="up" if each.verified else "warn")
        for each in emails
    ]
    factors = Authenticator.objects.filter(user_id=person_id).order_by("created_at")
    rows += [
        Row(each.get_type_display(), [gettext("set up"), show_age(each.last_used_at, now)])
        for each in factors
    ]
    keys = in_force(keys_of(person_id), now).count()
    url = reverse("admin:accounts_apikey_changelist") + f"?user__id__exact={person_id}"
    rows.append(Row(_("API keys"), [str(keys), NOTHING], url=url))
    browsers = browsers_of(User(pk=person_id), now).count()
    rows.append(Row(_("Browsers signed in"), [str(browsers), NOTHING]))
    rows.append(Row(_("Programs signed in"), [str(sign_ins_of(person_id, now).count()), NOTHING]))
    return Panel(_("Sign-in"), [_("way"), _("state"), _("last used")], rows)


def _consents(_request: HttpRequest, person_id: int) -> Panel:
    given = Consent.objects.filter(user_id=person_id).order_by("-id")[:10]
    rows = [
        Row(
            each.get_kind_display(),
            [f"v{each.version}", timezone.localtime(each.given_at).strftime("%F %T")],
            tone="up" if each.withdrawn_at is None else "warn",
        )
        for each in given
    ]
    return Panel(_("Consents"), [_("text"), _("version"), _("given")], rows, _("None given."))


def _verified(verified: bool) -> str:
    return gettext("verified") if verified else gettext("not verified")
