"""People in the console: looked at here, changed by actions only."""

from __future__ import annotations

from typing import Any

from allauth.account import admin as _account  # noqa: F401  # registers what is replaced here
from allauth.account.models import EmailAddress
from allauth.mfa import admin as _mfa  # noqa: F401
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin
from django.contrib.auth import admin as _auth  # noqa: F401
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts import (
    address_admin,  # noqa: F401
    services,
)
from accounts.models import (
    ApiKey,
    BrowserSession,
    Consent,
    ConsentKind,
    ConsentText,
    EndedBy,
    KeyTier,
    PasskeyDevice,
    Role,
    SigningKey,
    TokenFamily,
    TotpDevice,
    User,
)
from accounts.services import api_keys, impersonation
from accounts.services.consents import publish_consent_text
from accounts.services.sessions import end_session
from accounts.tokens import families, signing
from mimic.console.actions import Action, object_action
from mimic.console.base import BaseAdmin, ReadOnlyAdmin
from mimic.console.panels import panels_of

admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)  # nobody reads or edits sealed secrets
admin.site.unregister(Group)  # roles decide, not groups


@object_action(
    description=_("Remove the second factor"),
    dangerous=True,
    consequences=_("Authenticator app, passkeys and recovery codes are removed. Until "
                   "a new one is set up a password alone signs in. Make sure that it is the right "
                   "person who asks."),
)  # fmt: skip
def remove_second_factor(_request: HttpRequest, person: User, _reason: str) -> None:
    services.remove_second_factor(user=person)


@object_action(
    description=_("See the site as this person"),
    permission="impersonate",
    dangerous=True,
    consequences=_("For 15 minutes your pages outside of the console show what this person sees. "
                   "You can change nothing, and each page that you open is on record. Choose one "
                   "person, then open the home page; the band on it ends it."),
)  # fmt: skip
def see_as(request: HttpRequest, person: User, reason: str) -> None:
    impersonation.begin(request=request, person=person, reason=reason, now=timezone.now())


def _role_action(role: Role) -> Action:
    @object_action(
        name=f"make_{role.value}",
        description=_("Make %(role)s") % {"role": role.label},
        permission="assign_role",
        dangerous=True,
        consequences=_("The people get exactly the rights of the new role, at once."),
    )
    def give(_request: HttpRequest, person: User, _reason: str) -> None:
        services.change_role(person=person, role=role)

    return give


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    list_display = (
        "whole",
        "display_name",
        "role",
        "has_second_factor",
        "is_active",
        "date_joined",
    )
    list_display_links = None
    export_fields = ("email", "display_name", "role", "is_active", "date_joined")
    list_filter = ("role", "is_active")
    search_fields = ("email", "display_name", "public_id")
    exclude = ("password", "groups", "user_permissions")
    actions = (remove_second_factor, see_as, *(_role_action(role) for role in Role))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        app = TotpDevice.objects.filter(user_id=OuterRef("pk"))
        passkey = PasskeyDevice.objects.filter(user_id=OuterRef("pk"))
        people: QuerySet[User] = super().get_queryset(request)
        return people.annotate(second_factor=Exists(app) | Exists(passkey))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self._person)
        return [path("<int:person_id>/whole/", view, name="accounts_person"), *super().get_urls()]

    def _person(self, request: HttpRequest, person_id: int) -> HttpResponse:
        """All that the house knows of one person; secrets are in none of it."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        person = get_object_or_404(User, pk=person_id)
        context = {
            **self.admin_site.each_context(request),
            "title": str(person),
            "person": person,
            "panels": panels_of(request, person.pk),
            "edit_url": reverse("admin:accounts_user_change", args=[person.pk]),
            "list_url": reverse("admin:accounts_user_changelist"),
        }
        return TemplateResponse(request, "admin/person.html", context)

    @admin.display(description=_("person"), ordering="email")
    def whole(self, person: User) -> SafeString:
        """The way to the page about them."""
        url = reverse("admin:accounts_person", args=[person.pk])
        return format_html('<a href="{}">{}</a>', url, person.email)

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, person: Any) -> bool:
        return bool(person.second_factor)

    def has_impersonate_permission(self, request: HttpRequest) -> bool:
        """Support looks at the console, not through people's eyes."""
        return request.user.has_perm("accounts.impersonate_user")

    def has_assign_role_permission(self, request: HttpRequest) -> bool:
        """Only owners give roles."""
        return request.user.is_superuser


class PublishForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new version of a text in every language; English is needed, the others fall back to it."""

    english = forms.CharField(label="English", widget=forms.Textarea)
    ukrainian = forms.CharField(label="Українська", widget=forms.Textarea, required=False)
    spanish = forms.CharField(label="Español", widget=forms.Textarea, required=False)

    class Meta:
        model = ConsentText
        fields = ("kind",)

    def bodies(self) -> dict[str, str]:
        data = self.cleaned_data
        return {"en": data["english"], "uk": data["ukrainian"], "es": data["spanish"]}


@admin.register(ConsentText)
class ConsentTextAdmin(BaseAdmin):
    """Adding publishes the next version; what was published is never changed."""

    saves_by_command = True
    form = PublishForm
    list_display = ("kind", "version", "locale", "published_at", "agreed")
    list_filter = ("kind", "locale")
    readonly_fields = ("version", "locale", "body", "published_at")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("kind", "english", "ukrainian", "spanish")
        return ("kind", "version", "locale", "body", "published_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else list(self.get_fields(request, obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentText]:
        given = Consent.objects.filter(
            kind=OuterRef("kind"), version=OuterRef("version"), withdrawn_at=None
        )
        counted = given.order_by().values("kind").annotate(found=Count("pk")).values("found")
        texts: QuerySet[ConsentText] = super().get_queryset(request)
        return texts.annotate(agreed_count=Coalesce(Subquery(counted), 0))

    @admin.display(description=_("agreed, people"))
    def agreed(self, text: Any) -> int:
        return int(text.agreed_count)

    def save_model(
        self, request: HttpRequest, obj: ConsentText, form: PublishForm, change: bool
    ) -> None:
        kind = ConsentKind(form.cleaned_data["kind"])
        version = publish_consent_text(kind=kind, bodies=form.bodies(), now=timezone.now())
        made = ConsentText.objects.get(kind=kind, version=version, locale="en")
        obj.pk, obj.version, obj.locale = made.pk, made.version, made.locale


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("user", "kind", "version", "locale", "given_at", "withdrawn_at", "address")
    list_filter = ("kind", "version")
    list_select_related = ("user",)
    search_fields = ("user__email",)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    list_display = ("email", "user", "primary", "verified")
    list_filter = ("verified",)
    search_fields = ("email",)


@object_action(
    description=_("Revoke"),
    dangerous=True,
    consequences=_("Programs with these keys are refused from now on. It cannot be undone."),
)
def revoke_api_key(_request: HttpRequest, key: ApiKey, _reason: str) -> None:
    api_keys.revoke_key(key=key, now=timezone.now())


def _tier_action(tier: KeyTier) -> Action:
    @object_action(
        name=f"tier_{tier.value}", description=_("Tier: %(tier)s") % {"tier": tier.label}
    )
    def give(_request: HttpRequest, key: ApiKey, _reason: str) -> None:
        api_keys.set_tier(key=key, tier=tier)

    return give


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = (
        "prefix",
        "name",
        "user",
        "scopes",
        "tier",
        "created_at",
        "expires_at",
        "revoked_at",
        "last_used_at",
    )
    list_filter = ("tier",)
    list_select_related = ("user",)
    search_fields = ("prefix", "user__email")
    actions = (revoke_api_key, *(_tier_action(tier) for tier in KeyTier))


@object_action(
    description=_("End"),
    dangerous=True,
    consequences=_("The programs are signed out at once, with every token they hold."),
)
def end_sign_in(_request: HttpRequest, family: TokenFamily, _reason: str) -> None:
    families.end_family(family=family, by=EndedBy.OPERATOR, now=timezone.now())


@admin.register(TokenFamily)
class TokenFamilyAdmin(ReadOnlyAdmin):
    list_display = (
        "user",
        "label",
        "address",
        "second_factor",
        "created_at",
        "expires_at",
        "ended_at",
        "ended_by",
    )
    list_filter = ("ended_by",)
    list_select_related = ("user",)
    search_fields = ("user__email", "public_id")
    actions = (end_sign_in,)


@object_action(
    description=_("Sign out"),
    dangerous=True,
    consequences=_("The browsers are signed out at once, with every socket they hold."),
)
def end_browser(_request: HttpRequest, session: BrowserSession, _reason: str) -> None:
    end_session(session=session)


@admin.register(BrowserSession)
class BrowserSessionAdmin(ReadOnlyAdmin):
    list_display = ("user", "device", "network", "created_at", "seen_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "public_id")
    exclude = ("session_key",)
    actions = (end_browser,)


@object_action(
    description=_("Revoke"),
    dangerous=True,
    consequences=_("Every access token that these keys signed is refused at once; programs "
                   "refresh theirs. A new key signs from now on."),
)  # fmt: skip
def revoke_signing_key(_request: HttpRequest, key: SigningKey, _reason: str) -> None:
    signing.revoke_signing_key(key=key, now=timezone.now())


@admin.register(SigningKey)
class SigningKeyAdmin(ReadOnlyAdmin):
    list_display = ("kid", "created_at", "accepted_until")
    exclude = ("private_key",)
    actions = (revoke_signing_key,)
