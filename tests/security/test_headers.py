"""Headers, cookies and CSRF of every view there is; a new one is looked at or the test fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse
from rest_framework.views import APIView

from accounts.models import Role
from mimic.settings.environment import read
from tests.cast import a_person
from tests.core.test_environment import SAFE
from tests.security.routes import Route, all_routes

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"
SNAPSHOT = Path(__file__).parent / "headers.txt"

ALWAYS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_SAME = (
    "base-uri 'none'; connect-src 'self'; default-src 'none'; font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; img-src 'self' data:; manifest-src 'self'; "
)
POLICIES = {
    _SAME + "script-src 'self'; style-src 'self'": "strict",
    # Unfold compiles expressions and writes inline code.
    _SAME + "script-src 'self' 'unsafe-eval' 'unsafe-inline'; style-src 'self' 'unsafe-inline'": (
        "console"
    ),
    # Redoc writes two styles of its own, named by their digests.
    _SAME + "script-src 'self'; style-src 'self' "
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' "
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='": "redoc",
}


@pytest.fixture(scope="module")
def routes() -> list[Route]:
    return all_routes()


def _answer(path: str, **extra: Any) -> Any:
    return Client(raise_request_exception=False).get(path, secure=True, **extra)


def _policy(answer: Any) -> str:
    found = "; ".join(sorted(answer["Content-Security-Policy"].split("; ")))
    return POLICIES.get(found, found)


@pytest.mark.security(14)
def test_every_view_answers_with_the_headers_that_were_reviewed(routes: list[Route]) -> None:
    """Kept in headers.txt: the policy of each route. Delete the file to have it written anew."""
    lines = set()
    with override_settings(SECURE_HSTS_SECONDS=31_536_000):
        for route in routes:
            answer = _answer(route.path)
            assert answer.status_code < 500 or route.path.startswith("/health"), route
            told = {name: answer.get(name) for name in ALWAYS}
            assert told == ALWAYS, route
            assert answer["Permissions-Policy"].startswith("accelerometer=()"), route
            assert "Access-Control-Allow-Origin" not in answer, route
            assert answer["Strict-Transport-Security"].startswith("max-age=31536000"), route
            lines.add(f"{_policy(answer)} {route.pattern}")
    if not SNAPSHOT.exists():
        SNAPSHOT.write_text("\n".join(sorted(lines)) + "\n")
    assert sorted(lines) == SNAPSHOT.read_text().splitlines()


@pytest.mark.security(14)
@pytest.mark.parametrize("path", ["/", "/api/v1/me", "/webhook/x", "/accounts/login/", "/nowhere"])
def test_no_other_site_is_let_in_by_cors(path: str) -> None:
    for origin in ("https://evil.example", "null"):
        for method in ("get", "options"):
            asked = getattr(Client(raise_request_exception=False), method)
            answer = asked(path, headers={"origin": origin, "access-control-request-method": "PUT"})
            assert not [name for name in answer.headers if name.startswith("Access-Control")]


@pytest.mark.security(13)
def test_every_cookie_is_locked_to_this_host_in_production() -> None:
    """The names and flags are what settings make of production's environment."""
    assert read(SAFE, Path()).production
    with override_settings(
        SESSION_COOKIE_SECURE=True, CSRF_COOKIE_SECURE=True,
        SESSION_COOKIE_NAME="__Host-session", CSRF_COOKIE_NAME="__Host-csrf",
    ):  # fmt: skip
        browser = Client()
        browser.get(reverse("account_login"), secure=True)
        person = a_person(password=PASSWORD)
        form = {"login": person.email, "password": PASSWORD}
        browser.post(reverse("account_login"), form, secure=True)
        browser.get("/", secure=True)
    assert browser.cookies
    for cookie in browser.cookies.values():
        assert cookie.key.startswith("__Host-"), cookie.key
        assert (cookie["secure"], cookie["path"]) == (True, "/")
        assert not cookie["domain"]
        assert cookie["samesite"] == "Lax"
    assert browser.cookies["__Host-session"]["httponly"]
    assert settings.SESSION_COOKIE_HTTPONLY


# Who answers a write without the csrf token, and what it is recognised by instead.
EXEMPT = {
    "signals.ingest.tradingview.views": "a secret in the path or the body; no cookie is read",
    "mimic.console.site": "the gate; the view inside protects itself",
}


@pytest.mark.security(15)
def test_the_views_without_csrf_are_those_that_were_reviewed(routes: list[Route]) -> None:
    exempt = {
        route.view.__module__
        for route in routes
        if getattr(route.view, "csrf_exempt", False) and not _is_api(route)
    }
    assert exempt == set(EXEMPT)


@pytest.mark.security(15)
def test_a_cookie_without_the_token_changes_nothing_anywhere(routes: list[Route]) -> None:
    """The API recognises sessions last and asks them for the token; the console's gate lets its
    views ask; every other page asks by the middleware.
    """
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(a_person(Role.TRADER))
    for route in routes:
        if route.pattern.startswith(("/webhook", "/admin/", "/api/v1/auth/", "/static")):
            continue
        answer = browser.post(route.path, {"x": "y"})
        assert answer.status_code in {403, 404, 405}, (route.pattern, answer.status_code)
        if answer.status_code == 403 and _is_api(route):
            assert answer.json()["code"] in {"csrf_failed", "forbidden"}, route.pattern


def _is_api(route: Route) -> bool:
    kind = getattr(route.view, "view_class", None) or getattr(route.view, "cls", None)
    return isinstance(kind, type) and issubclass(kind, APIView)
