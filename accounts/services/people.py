"""People come, and change their role. Registration from the web goes through allauth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext_lazy
from django.utils.translation import gettext_noop as _

from accounts.models import STAFF_ROLES, Role, User
from mimic.audit.actions import declare
from mimic.audit.services import record
from mimic.core.errors import MimicError

ROLE_CHANGED = declare(
    "accounts.role.change", gettext_lazy("Role changed"), facts=["was", "became"]
)


class LastOwner(MimicError):
    """The only active owner cannot step down: nobody could undo it. Expected; show the text."""

    code = "last_owner"
    status = 409
    title = _("The last owner keeps the role.")


@dataclass(frozen=True, slots=True)
class NewPerson:
    """``password=None`` makes a person who cannot sign in with a password."""

    email: str
    display_name: str = ""
    role: str = Role.TRADER
    password: str | None = None


@transaction.atomic
def register_many(*, people: Sequence[NewPerson]) -> list[User]:
    """Make people whose addresses need no proof (seeds, imports), in two statements.

    Raises :class:`django.db.IntegrityError` if an address is taken: none of them is made then.
    """
    made = User.objects.bulk_create(
        User(
            email=person.email.strip().lower(),
            display_name=person.display_name,
            role=person.role,
            password=make_password(person.password),
            is_staff=person.role in STAFF_ROLES,
            is_superuser=person.role == Role.OWNER,
        )
        for person in people
    )
    EmailAddress.objects.bulk_create(
        EmailAddress(user=user, email=user.email, primary=True, verified=True) for user in made
    )
    return made


@transaction.atomic(durable=True)
def change_role(*, person: User, role: str) -> None:
    """Give a person another role. Raises :class:`LastOwner`; ValueError for an unknown role."""
    wanted = Role(role)
    # All owners are locked in key order, so that two owners cannot demote each other at once.
    owners = User.objects.filter(role=Role.OWNER, is_active=True).order_by("pk")
    others = [owner for owner in owners.select_for_update() if owner.pk != person.pk]
    was = User.objects.select_for_update().get(pk=person.pk).role
    if wanted != Role.OWNER and person.role == Role.OWNER and not others:
        raise LastOwner
    User.objects.filter(pk=person.pk).update(
        role=wanted, is_staff=wanted in STAFF_ROLES, is_superuser=wanted == Role.OWNER
    )
    record(ROLE_CHANGED, target=person, facts={"was": was, "became": wanted.value})
