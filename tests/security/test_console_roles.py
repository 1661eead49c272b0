"""Every address and every list of the console for every role; there is no other table of rights."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import Http404
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse

from accounts.models import Role, User
from tests.cast import a_person
from tests.console.cast import console, operator, sign_in
from tests.security.routes import all_routes

__all__ = ["console", "operator", "sign_in"]
pytestmark = [pytest.mark.django_db, pytest.mark.security(2)]
STRANGERS_MAY = {"/admin/login/", "/admin/logout/", "/admin/jsi18n/"}
"""The way to the sign-in, the way out, and Django's words for its scripts."""
DEEDS = (
    "/admin/trading/killswitch/block-opens/", "/admin/trading/killswitch/1/alter/",
    "/admin/trading/exchangeaccount/approvals/", "/admin/signals/strategy/1/test-signal/",
)  # fmt: skip
"""Addresses of ours that do something; lists, forms and actions are asked by name below."""


def _console() -> list[str]:
    return sorted({route.path for route in all_routes() if route.path.startswith("/admin/")})


def _request(person: Any, path: str = "/admin/", method: str = "GET", shown: bool = True) -> Any:
    request: Any = RequestFactory().generic(method, path)
    person.is_verified = lambda: shown
    request.user, request.session = person, {}
    request._dont_enforce_csrf_checks = True
    return request


def _ask(request: Any) -> Any:
    found = resolve(request.path)
    return found.func(request, *found.args, **found.kwargs)


def _is_there(request: Any) -> bool:
    try:
        _ask(request)
    except Http404:
        return False
    return True


@pytest.mark.parametrize("role", [Role.TRADER, Role.PROVIDER, Role.AFFILIATE])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_is_no_staff_finds_no_console_whatever_they_have_shown(role: Role, method: str) -> None:
    person = a_person(role)
    assert [path for path in _console() if _is_there(_request(person, path, method))] == []


@pytest.mark.parametrize("who", ["stranger", *(role.value for role in (Role.SUPPORT, Role.OWNER))])
def test_strangers_and_staff_who_have_shown_no_code_are_sent_to_show_one(who: str) -> None:
    person: Any = AnonymousUser() if who == "stranger" else a_person(Role(who))
    for path in _console():
        if path not in STRANGERS_MAY:
            answer = _ask(_request(person, path, shown=False))
            assert answer.status_code == 302, path
            assert answer["Location"].startswith((reverse("admin:login"), "/accounts/")), path


def test_support_sees_every_list_and_may_do_nothing_in_any() -> None:
    request = _request(a_person(Role.SUPPORT))
    for model, model_admin in admin.site._registry.items():
        may = {
            "see": model_admin.has_view_permission(request),
            "add": model_admin.has_add_permission(request),
            "change": model_admin.has_change_permission(request),
            "delete": model_admin.has_delete_permission(request),
            "act": bool(model_admin.get_actions(request)),
        }
        assert [name for name, allowed in may.items() if allowed] == ["see"], model


def test_support_is_refused_where_something_is_done() -> None:
    person = a_person(Role.SUPPORT)
    told = {}
    for path in DEEDS:
        with CaptureQueriesContext(connection) as asked:
            try:
                told[path] = _ask(_request(person, path, "POST")).status_code
            except Exception as refusal:
                told[path] = type(refusal).__name__
        assert not [each for each in asked if each["sql"].startswith(("INSERT", "UPDATE"))], path
    assert set(told.values()) <= {403, 405, "PermissionDenied", "Forbidden", "Http404"}, told


def test_roles_are_given_by_owners_alone() -> None:
    people = admin.site._registry[User]
    gives = {
        role: [name for name in people.get_actions(_request(a_person(role))) if "make_" in name]
        for role in (Role.OWNER, Role.ADMIN, Role.SUPPORT)
    }
    assert {role: len(names) for role, names in gives.items()} == {
        Role.OWNER: len(Role), Role.ADMIN: 0, Role.SUPPORT: 0,
    }  # fmt: skip
