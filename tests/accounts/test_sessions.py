"""A session is its browser's and network's; people see and end theirs; a new password ends all."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from time_machine import TimeMachineFixture

from accounts.models import BrowserSession, TokenFamily, User
from accounts.services.sessions import sweep_sessions
from accounts.session_use import sweep_seen
from mimic.core.fingerprint import agent_family, network_of
from mimic.web.sign_in import comes_from_there, people_of
from tests.api.cast import a_key, a_program
from tests.cast import a_person

pytestmark = pytest.mark.django_db
PASSWORD, NEW = "a long passphrase indeed", "another phrase, quite as long"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
          "Chrome/140.0.0.0 Safari/537.36")  # fmt: skip
EDGE = CHROME + " Edg/140.0.0.0"
IPHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
          "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1")  # fmt: skip
HOME, NEXT_DOOR, AWAY = "198.51.100.7", "198.51.100.200", "203.0.113.9"


@pytest.fixture
def person() -> User:
    return a_person(password=PASSWORD)


def _browser(person: User, agent: str = FIREFOX, address: str = HOME) -> Client:
    browser = Client(headers={"User-Agent": agent}, REMOTE_ADDR=address)
    browser.post(reverse("account_login"), {"login": person.email, "password": PASSWORD})
    assert browser.get(reverse("sessions")).status_code == 200
    return browser


def _moved(browser: Client, **changes: str) -> Client:
    """The same cookies elsewhere."""
    given = {"REMOTE_ADDR": HOME, "HTTP_USER_AGENT": FIREFOX} | changes
    other = Client(**given)  # type: ignore[arg-type]
    other.cookies = browser.cookies.copy()  # type: ignore[assignment]
    return other


@pytest.mark.parametrize(
    ("header", "family"),
    [(FIREFOX, "Firefox, Linux"), (CHROME, "Chrome, Windows"), (EDGE, "Edge, Windows"),
     (IPHONE, "Safari, iOS"), ("curl/8.5", "Other, Other"), ("", "")],
)  # fmt: skip
def test_a_browser_is_known_by_its_family_not_its_version(header: str, family: str) -> None:
    assert agent_family(header) == family


@pytest.mark.parametrize(
    ("address", "network"),
    [(HOME, "198.51.100.0/24"), ("2001:db8:1:2::3", "2001:db8:1::/48"), ("", ""),
     ("::ffff:198.51.100.7", "198.51.100.0/24"), ("fe80::1%eth0", "fe80::/48")],
)  # fmt: skip
def test_a_place_is_a_network(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({"REMOTE_ADDR": NEXT_DOOR}, True),
        ({"HTTP_USER_AGENT": FIREFOX.replace("140", "141")}, True),
        ({"REMOTE_ADDR": AWAY}, False),
        ({"HTTP_USER_AGENT": CHROME}, False),
        ({"HTTP_USER_AGENT": ""}, False),
    ],
)
def test_a_session_that_turns_up_elsewhere_ends_and_asks_to_sign_in(
    person: User, changes: dict[str, str], stays: bool
) -> None:
    browser = _browser(person)
    there = _moved(browser, **changes)
    assert there.get("/api/v1/me").status_code == (200 if stays else 401)
    assert browser.get("/api/v1/me").status_code == (200 if stays else 401)
    assert BrowserSession.objects.filter(user=person).exists() is stays
    if not stays:
        elsewhere = _moved(_browser(person), **changes)
        assert "another browser or network" in elsewhere.get("/settings", follow=True).text


def test_a_socket_is_of_the_same_browser_and_network_or_of_nobody(person: User) -> None:
    found = people_of([str(_browser(person).session.session_key)])[0]
    assert found is not None
    scopes = [
        {"headers": [(b"user-agent", agent.encode())], "client": (address, 4_000)}
        for agent, address in ((FIREFOX, NEXT_DOOR), (FIREFOX, AWAY), (CHROME, HOME))
    ]
    assert [comes_from_there(found, scope) for scope in scopes] == [True, False, False]


def test_a_sign_in_lasts_a_month_at_most(person: User, time_machine: TimeMachineFixture) -> None:
    browser = _browser(person)
    Session.objects.update(expire_date=datetime.now(UTC) + timedelta(days=90))
    time_machine.move_to(datetime.now(UTC) + timedelta(days=31))
    assert browser.get("/api/v1/me").status_code == 401


def test_guarding_a_session_costs_no_query(person: User) -> None:
    browser = _browser(person)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        browser.get("/api/v1/me")
    assert len([each for each in queries if "browsersession" in each["sql"]]) == 0


def test_people_see_their_browsers_and_programs_and_end_any_of_them(person: User) -> None:
    here, there, third = _browser(person), _browser(person, CHROME, AWAY), _browser(person, IPHONE)
    stranger = _browser(a_person(password=PASSWORD))
    family = a_program(person).family
    page = here.get(reverse("sessions")).text
    for told in ("Firefox, Linux", "Chrome, Windows", "203.0.113.0/24", "This one", family.label):
        assert told in page
    assert set(re.findall(r">[\d-]+ [\d:.]+</time>", page)) == set(
        re.findall(r">[\d-]{10} \d\d:\d\d:\d\d</time>", page)
    ), "to the second"
    chrome = BrowserSession.objects.get(device="Chrome, Windows")
    address = reverse("session-end", args=[chrome.public_id])
    assert stranger.post(address).status_code == 404
    assert here.post(address, follow=True).text.count("Chrome, Windows") == 0
    assert there.get("/api/v1/me").status_code == 401
    here.post(reverse("program-end", args=[family.public_id]))
    family.refresh_from_db()
    assert family.ended_by == "person"
    assert "1 other browser was" in here.post(reverse("sessions-end-others"), follow=True).text
    statuses = [each.get("/api/v1/me").status_code for each in (here, third, stranger)]
    assert statuses == [200, 401, 200]


def test_who_signs_in_over_somebody_else_has_a_session_of_their_own(person: User) -> None:
    browser, other = _browser(person), a_person()
    browser.force_login(other)
    assert browser.get("/api/v1/me").json()["email"] == other.email
    assert BrowserSession.objects.get(user=other).session_key == browser.session.session_key


def test_when_a_browser_was_seen_is_brought_to_the_database(
    person: User, time_machine: TimeMachineFixture
) -> None:
    browser = _browser(person)
    before = BrowserSession.objects.get().seen_at
    BrowserSession.objects.update(seen_at=before - timedelta(hours=1))
    sweep_seen(datetime.now(UTC))
    assert BrowserSession.objects.get().seen_at >= before
    assert browser.get(reverse("sessions")).status_code == 200


def test_what_is_told_of_sessions_goes_with_them(person: User) -> None:
    browser = _browser(person)
    _browser(person, CHROME)
    browser.post(reverse("account_logout"))
    assert BrowserSession.objects.get().device == "Chrome, Windows"
    Session.objects.update(expire_date=datetime.now(UTC) - timedelta(1))
    sweep_sessions(datetime.now(UTC))
    assert not BrowserSession.objects.exists()


def test_a_new_password_ends_other_browsers_programs_and_keys(person: User) -> None:
    here, there = _browser(person), _browser(person, CHROME)
    program, key = a_program(person), a_key(person, "market:read").key
    given = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    assert here.post(reverse("account_change_password"), given).status_code == 302
    assert here.get("/api/v1/me").status_code == 200
    assert there.get("/api/v1/me").status_code == 401
    assert TokenFamily.objects.get(pk=program.family.pk).ended_by == "password"
    key.refresh_from_db()
    assert key.revoked_at is not None
    kept = BrowserSession.objects.get()
    assert (kept.device, kept.session_key) == ("Firefox, Linux", here.session.session_key)
    assert mail.outbox[-1].to == [person.email]


def test_another_address_counts_once_confirmed_and_the_old_one_is_told(person: User) -> None:
    browser = _browser(person)
    add: dict[str, Any] = {"action_add": "", "email": "new@example.com"}
    asked = browser.post(reverse("account_email"), add)
    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    browser.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    browser.post(reverse("account_email"), add)
    person.refresh_from_db()
    assert (person.email, mail.outbox[-1].to) != ("new@example.com", [person.email])
    old = person.email
    link = next(word for word in mail.outbox[-1].body.split() if "confirm-email" in word)
    browser.post(link)
    person.refresh_from_db()
    assert person.email == "new@example.com"
    assert [each.email for each in EmailAddress.objects.filter(user=person)] == [person.email]
    assert mail.outbox[-1].to == [old]
