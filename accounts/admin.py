"""People in the console: looked at here, changed by actions only."""

from __future__ import annotations

from typing import Any

from allauth.account import admin as _account  # noqa: F401  # registers what is replaced here
from allauth.account.models import EmailAddress
from allauth.mfa import admin as _mfa  # noqa: F401
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth import admin as _auth  # noqa: F401
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.models import Role, TotpDevice, User
from mimic.console.actions import Action, object_action
from mimic.console.base import ReadOnlyAdmin

admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)  # nobody reads or edits sealed secrets
admin.site.unregister(Group)  # roles decide, not groups


@object_action(
    description=_("Remove the second factor"),
    dangerous=True,
    consequences=_("Authenticator app and recovery codes are removed. Until a new app is set up a "
                   "password alone signs in. Make sure that it is the right person who asks."),
)  # fmt: skip
def remove_second_factor(_request: HttpRequest, person: User, _reason: str) -> None:
    services.remove_second_factor(user=person)


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
        "email",
        "display_name",
        "role",
        "has_second_factor",
        "is_active",
        "date_joined",
    )
    list_filter = ("role", "is_active")
    search_fields = ("email", "display_name", "public_id")
    exclude = ("password", "groups", "user_permissions")
    actions = (remove_second_factor, *(_role_action(role) for role in Role))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        device = TotpDevice.objects.filter(user_id=OuterRef("pk"))
        people: QuerySet[User] = super().get_queryset(request)
        return people.annotate(second_factor=Exists(device))

    @admin.display(description=_("second factor"), boolean=True)
    def has_second_factor(self, person: Any) -> bool:
        return bool(person.second_factor)

    def has_assign_role_permission(self, request: HttpRequest) -> bool:
        """Only owners give roles."""
        return request.user.is_superuser


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    list_display = ("email", "user", "primary", "verified")
    list_filter = ("verified",)
    search_fields = ("email",)
