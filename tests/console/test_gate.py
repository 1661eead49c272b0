"""Who gets into the console: staff with a verified second factor, and nobody else."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import Role, User
from mimic.console.base import BaseAdmin, ReadOnlyAdmin

pytestmark = pytest.mark.django_db
PEOPLE = "admin:accounts_user_changelist"


def test_a_stranger_is_sent_to_the_one_login_and_back(client: Client) -> None:
    answer = client.get(reverse(PEOPLE), follow=True)
    last = urlsplit(answer.redirect_chain[-1][0])
    assert last.path == reverse("account_login")
    assert parse_qs(last.query) == {"next": [reverse(PEOPLE)]}


def test_the_way_back_never_leads_to_another_host(client: Client) -> None:
    answer = client.get(reverse("admin:login") + "?next=https://evil.example/")
    assert "evil" not in answer["Location"]


@pytest.mark.parametrize("page", ["admin:index", PEOPLE, "admin:login", "admin:badges"])
def test_a_trader_finds_no_console_at_all(
    page: str, trader: User, sign_in: Callable[..., Client]
) -> None:
    assert sign_in(trader).get(reverse(page)).status_code == 404


@pytest.mark.parametrize("page", ["admin:index", PEOPLE, "admin:badges", "admin:jsi18n"])
def test_staff_without_an_app_are_sent_to_set_one_up(
    page: str, admin_without_app: User, sign_in: Callable[..., Client]
) -> None:
    browser = sign_in(admin_without_app)
    answer = browser.get(reverse(page), follow=True)
    visited = [urlsplit(url).path for url, _status in answer.redirect_chain]
    assert reverse("mfa_activate_totp") in visited
    assert b"console-tiles" not in answer.content


def test_staff_who_enrolled_elsewhere_are_asked_for_a_code_before_the_console_opens(
    admin_without_app: User, sign_in: Callable[..., Client]
) -> None:
    browser = sign_in(admin_without_app)
    secret = services.enrol_totp(user=admin_without_app)
    asked = browser.get(reverse("admin:login"))
    assert urlsplit(asked["Location"]).path == reverse("mfa_reauthenticate")
    browser.post(asked["Location"], {"code": pyotp.TOTP(secret).now()})
    assert browser.get(reverse("admin:index")).status_code == 200


def test_the_password_alone_does_not_sign_enrolled_staff_in(
    operator: tuple[User, str], sign_in: Callable[..., Client]
) -> None:
    browser = sign_in(operator[0])
    assert "_auth_user_id" not in browser.session


def test_an_operator_with_a_code_sees_the_console_under_its_own_policy(console: Client) -> None:
    answer = console.get(reverse("admin:index"))
    assert answer.status_code == 200
    assert "'unsafe-eval'" in answer["Content-Security-Policy"]
    assert "'unsafe-eval'" not in console.get(reverse("account_login"))["Content-Security-Policy"]


def test_a_person_who_stops_being_staff_is_out_at_once(
    operator: tuple[User, str], console: Client
) -> None:
    services.register_many(people=[services.NewPerson("second@example.com", role=Role.OWNER)])
    services.change_role(person=operator[0], role=Role.TRADER)
    assert console.get(reverse("admin:index")).status_code == 404


def test_every_model_in_the_console_goes_through_the_one_base() -> None:
    strangers = [
        model._meta.label
        for model, model_admin in admin.site._registry.items()
        if not isinstance(model_admin, BaseAdmin)
    ]
    assert strangers == []


def test_every_list_and_add_page_opens(console: Client) -> None:
    for model, model_admin in admin.site._registry.items():
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        page = console.get(reverse(f"admin:{name}_changelist"))
        assert page.status_code == 200, name
        expected = 200 if model_admin.has_add_permission(page.wsgi_request) else 403
        assert not (isinstance(model_admin, ReadOnlyAdmin) and expected == 200), name
        assert console.get(reverse(f"admin:{name}_add")).status_code == expected, name


def test_the_password_is_changed_on_the_page_for_everybody(console: Client) -> None:
    answer = console.get(reverse("admin:password_change"))
    assert answer["Location"] == reverse("account_change_password")
