"""Tried as an operator who would rather do than look: every address there is, and every way to
keep somebody's eyes for longer.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pyotp
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import InternalError, connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.impersonation_middleware import OWN, ImpersonationMiddleware
from accounts.models import User
from accounts.services import impersonation
from mimic.audit.models import Entry
from mimic.web.sign_in import IMPERSONATION
from tests.api.cast import World, a_world
from tests.cast import a_person
from tests.cells import Cell, cell
from tests.console.cast import console, operator, sign_in
from tests.security.routes import all_routes
from tests.security.test_two_people import OWN as ONES
from tests.web.accounts_cast import again

__all__ = ["cell", "console", "operator", "sign_in"]
pytestmark = [pytest.mark.django_db, pytest.mark.security(2)]
BAND = "You see the site as"
NO_PAGE = ("/docs", "/redoc", "/problems/")
"""Documents that show nobody's things."""
WRITE = re.compile("INSERT|UPDATE|DELETE")
ARGUMENT = re.compile(r"<\w+:(\w+)>")
SINCE = {"person": 1, "until": "2026-11-21T17:00:00+00:00"}


@pytest.fixture
def world(db: None) -> World:
    return a_world()


def _look(console: Client, person: User) -> None:
    until = datetime.now(UTC) + timedelta(minutes=15)
    session = console.session
    session[IMPERSONATION] = {"person": person.pk, "until": until.isoformat()}
    session.save()


def _by(operator: User, console: Client, request: Any) -> Any:
    """As it stands before the middleware."""
    request.session, request.user = console.session, operator
    request.COOKIES = dict.fromkeys(console.cookies, "x")
    operator.is_verified = lambda: True  # type: ignore[attr-defined]
    return request


def _addresses(world: World) -> list[str]:
    """Of everything that an operator does not see as themselves, about the person's own things."""
    found = set()
    for route in all_routes():
        if not route.pattern.startswith(OWN):
            ids = {**world.ids, "public_id": world.ids.get(ONES.get(route.pattern, ""), "")}
            named = ARGUMENT.search(route.pattern)
            mine = named and ids.get(named[1])
            found.add(ARGUMENT.sub(str(mine), route.pattern) if mine else route.path)
    return sorted(found)


def test_wherever_they_look_nothing_is_written_and_the_band_is_there(
    world: World, console: Client, cell: Cell, settings: Any
) -> None:
    settings.API_REQUESTS_A_MINUTE = dict.fromkeys(settings.API_REQUESTS_A_MINUTE, 100_000)
    _look(console, world.owner.user)
    fine = 0
    for path in _addresses(world):
        with cell(path):
            with CaptureQueriesContext(connection) as asked:
                answer: Any = again(console).get(path)
                shown = b"".join(answer).decode(errors="replace")
            told = [
                query["sql"] for query in asked if re.match("INSERT|UPDATE|DELETE", query["sql"])
            ]
            assert [sql for sql in told if "audit_" not in sql] == []
            assert answer.status_code < 500 or path.startswith("/health")
            if "<html" in shown and not path.startswith(NO_PAGE):
                assert BAND in shown
            fine += answer.status_code == 200
    assert fine > 60, "pages and operations were really shown"


def test_whatever_they_send_is_refused_before_it_is_read(
    console: Client, operator: tuple[User, str]
) -> None:
    person = a_person()
    _look(console, person)

    def never(_request: Any) -> Any:
        raise AssertionError("it was let through")

    writes = [("POST", route.path) for route in all_routes() if not route.path.startswith(OWN)]
    for method, path in [*writes, *((other, "/settings") for other in ("PUT", "PATCH", "DELETE"))]:
        request = _by(operator[0], console, RequestFactory().generic(method, path))
        assert ImpersonationMiddleware(never)(request).status_code == 403, path
    told = Entry.objects.filter(action="accounts.impersonation.refuse")
    assert told.count() == len(writes) + 3
    assert told.filter(facts={"page": "/webhook/***", "method": "POST"}).exists(), "no secrets"
    again(console).post(reverse("settings"), {"display_name": "Mallory"})
    assert (told.latest("pk").actor_id, told.latest("pk").on_behalf_of) == (
        operator[0].pk, person.pk,
    )  # fmt: skip


def test_the_database_lets_a_page_that_looks_write_nothing(
    console: Client, operator: tuple[User, str]
) -> None:
    person = a_person()
    _look(console, person)
    request = _by(operator[0], console, RequestFactory().get("/settings"))

    def page(_request: Any) -> Any:
        User.objects.filter(pk=person.pk).update(display_name="Mallory")

    with pytest.raises(InternalError, match="read-only"):
        ImpersonationMiddleware(page)(request)
    person.refresh_from_db()
    assert person.display_name != "Mallory"


def test_signing_out_or_looking_as_another_ends_it_on_record(
    console: Client, operator: tuple[User, str]
) -> None:
    first, second = a_person(), a_person()
    _look(console, first)
    code = pyotp.TOTP(operator[1]).at(datetime.now(UTC) + timedelta(seconds=30))
    form = {"action": "see_as", "_selected_action": [first.pk, second.pk], "confirmed": "yes",
            "reason": "they asked for help", "code": code}  # fmt: skip
    console.post(reverse("admin:accounts_user_changelist"), form)
    assert console.session[IMPERSONATION]["person"] in {first.pk, second.pk}
    console.post(reverse("account_logout"))
    told = Entry.objects.filter(action__contains="impersonation").order_by("pk")
    assert [(each.action.rpartition(".")[2], each.facts.get("why")) for each in told] == [
        ("end", "replaced"), ("begin", None), ("end", "replaced"), ("begin", None),
        ("end", "signed_out"),
    ]  # fmt: skip
    assert console.get(reverse("home")).status_code == 302


@pytest.mark.parametrize("stored", [None, {**SINCE, "person": 2}])
def test_a_page_that_took_long_does_not_bring_back_what_was_ended(stored: Any) -> None:
    """It has the session as it was, and writes it back with a word of its own."""
    slow, now = SessionStore(), SessionStore()
    slow[IMPERSONATION] = SINCE
    slow.create()
    now = SessionStore(slow.session_key)
    if stored is None:
        del now[IMPERSONATION]
    else:
        now[IMPERSONATION] = stored
    now.save()
    request = RequestFactory().get("/")
    request.session = slow
    slow["words"] = "Saved."
    impersonation.end_if_ended_elsewhere(request=request, since=SINCE)
    slow.save()
    assert IMPERSONATION not in SessionStore(slow.session_key)


def test_a_page_that_took_long_leaves_alone_what_goes_on() -> None:
    slow = SessionStore()
    slow[IMPERSONATION] = SINCE
    slow.create()
    request = RequestFactory().get("/")
    request.session = slow
    slow["words"] = "Saved."
    impersonation.end_if_ended_elsewhere(request=request, since=SINCE)
    slow.save()
    assert SessionStore(slow.session_key)[IMPERSONATION] == SINCE
