"""Who people are: one address, one role, and staff only by role."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from django.core.management import call_command
from django.db import IntegrityError, transaction

from accounts import services
from accounts.models import Role, TotpDevice, User
from accounts.permissions import RolePermissions

pytestmark = pytest.mark.django_db


def test_an_address_belongs_to_one_person_whatever_its_case() -> None:
    User.objects.create_user("Ann@Example.com")
    assert User.objects.get(email="ANN@example.COM").email == "ann@example.com"
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("ann@EXAMPLE.com")


def test_the_database_refuses_staff_that_the_role_does_not_make() -> None:
    trader = User.objects.create_user("trader@example.com")
    with pytest.raises(IntegrityError, match="user_staff_follows_role"), transaction.atomic():
        User.objects.filter(pk=trader.pk).update(is_staff=True)
    with pytest.raises(IntegrityError, match="user_superuser_is_owner"), transaction.atomic():
        User.objects.filter(pk=trader.pk).update(is_superuser=True)


def test_the_database_refuses_an_unknown_theme() -> None:
    trader = User.objects.create_user("trader@example.com")
    with pytest.raises(IntegrityError, match="user_theme_is_known"), transaction.atomic():
        User.objects.filter(pk=trader.pk).update(theme="pink")


def test_a_thousand_people_are_registered_in_two_statements(
    django_assert_num_queries: object,
) -> None:
    people = [services.NewPerson(email=f"follower{number}@example.com") for number in range(1_000)]
    with django_assert_num_queries(4):  # type: ignore[operator]  # savepoint, two inserts, release
        made = services.register_many(people=people)
    assert len({person.public_id for person in made}) == 1_000
    assert not made[0].has_usable_password()
    assert EmailAddress.objects.get(user=made[0]).verified


def test_the_last_owner_cannot_step_down() -> None:
    owner = User.objects.create_user("owner@example.com", role=Role.OWNER)
    with pytest.raises(services.LastOwner):
        services.change_role(person=owner, role=Role.TRADER)
    User.objects.create_user("second@example.com", role=Role.OWNER)
    services.change_role(person=owner, role=Role.TRADER)
    owner.refresh_from_db()
    assert (owner.role, owner.is_staff, owner.is_superuser) == (Role.TRADER, False, False)


@pytest.mark.parametrize(
    ("role", "views", "changes", "deletes_people"),
    [
        (Role.OWNER, True, True, True),
        (Role.ADMIN, True, True, False),
        (Role.SUPPORT, True, False, False),
        (Role.PROVIDER, False, False, False),
        (Role.TRADER, False, False, False),
        (Role.AFFILIATE, False, False, False),
    ],
)
def test_each_role_has_its_rights_in_the_console(
    role: Role, views: bool, changes: bool, deletes_people: bool
) -> None:
    person = User.objects.create_user("someone@example.com", role=role)
    assert person.has_perm("accounts.view_user") is views
    assert person.has_perm("accounts.change_user") is changes
    assert person.has_perm("accounts.delete_user") is deletes_people


def test_a_deactivated_admin_has_no_rights() -> None:
    person = User.objects.create_user("gone@example.com", role=Role.ADMIN, is_active=False)
    assert not RolePermissions().has_perm(person, "accounts.view_user")
    assert not RolePermissions().has_module_perms(person, "accounts")


def test_enrolling_from_the_command_line_prints_a_working_secret(
    capsys: pytest.CaptureFixture[str],
) -> None:
    person = User.objects.create_user("owner@example.com", role=Role.OWNER)
    call_command("enrol_totp", "owner@example.com", "--secret", "JBSWY3DPEHPK3PXP")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "JBSWY3DPEHPK3PXP"
    assert lines[1].startswith("otpauth://totp/owner%40example.com?secret=JBSWY3DPEHPK3PXP")
    assert TotpDevice.objects.filter(user=person).exists()
