"""What was tried as an attacker and broke something once: see docs/security.md, "Tried"."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import services
from accounts.models import ConsentKind, RecoveryCode, User
from accounts.services.consents import publish_consent_text
from tests.api.cast import World, a_world
from tests.cells import Cell, cell
from tests.console.cast import PASSWORD, console, operator, sign_in
from tests.security.routes import all_routes
from tests.web.accounts_cast import Trader, again, now

__all__ = ["cell", "console", "operator", "sign_in"]
JSON = "application/json"
QUERIES = (
    "cursor=%00&symbol=%00&from=%00&status=%00&q=%00&page=%00&account=%00",
    "cursor=%ff%fe&status=%ff&q=%ed%a0%80&account=1%20OR%201=1&ordering=user__password",
    f"page_size={'9' * 30}&from=0001-01-01T00:00:00%2B23:59&page={'9' * 30}&symbol={'A' * 5_000}",
)
DOCUMENTS = (
    "/admin/", "/webhook", "/accounts/", "/health", "/metrics", "/openapi.json", "/api/schema",
    "/docs", "/redoc", "/problems",
)  # fmt: skip
"""What reads no question, or is asked elsewhere."""
BODIES = {
    "deep": "[" * 200_000 + "]" * 200_000,
    "deep object": '{"a":' * 50_000 + "1" + "}" * 50_000,
    "NUL": '{"display_name":"a\\u0000b","name":"\\u0000","kind":"\\u0000","label":"\\u0000"}',
    "half a pair": '{"display_name":"\\ud800","name":"\\udfff","label":"\\ud800"}',
    "long number": '{"version":' + "9" * 6_000 + ',"kind":"marketing"}',
    "not a number": '{"version":NaN,"settings":{"sizing_value":Infinity}}',
    "huge exponent": '{"version":1e999999999,"settings":{"sizing_value":"1e999999999"}}',
    "no object": "[]",
    "no UTF-8": b'{"display_name":"\xff\xfe"}',
    "other UTF": "{}".encode("utf-16"),
    "nothing": "",
}
WRITES = (
    ("PATCH", "/api/v1/prefs"), ("POST", "/api/v1/consents"), ("POST", "/api/v1/approve"),
    ("POST", "/api/v1/api-keys"), ("POST", "/api/v1/subscriptions"), ("POST", "/api/v1/exchanges"),
    ("POST", "/api/v1/auth/login"), ("POST", "/api/v1/auth/refresh"),
)  # fmt: skip


@pytest.fixture
def world(db: None) -> World:
    return a_world()


@pytest.mark.django_db
@pytest.mark.security(5)
@pytest.mark.security(28)
def test_hostile_questions_are_the_askers_mistake_and_never_ours(
    world: World, cell: Cell, settings: Any
) -> None:
    settings.API_REQUESTS_A_MINUTE = dict.fromkeys(settings.API_REQUESTS_A_MINUTE, 100_000)
    lists = [
        route.path for route in all_routes()
        if "<" not in route.pattern and "P<" not in route.pattern
        and not route.pattern.startswith(DOCUMENTS)
    ]  # fmt: skip
    browser = Client(raise_request_exception=False)
    browser.cookies = again(world.owner.browser).cookies
    for path in lists:
        with cell(path):
            broken = [
                query for query in QUERIES if browser.get(f"{path}?{query}").status_code >= 500
            ]
            assert broken == []


@pytest.mark.django_db
@pytest.mark.security(5)
@pytest.mark.security(28)
def test_hostile_bodies_are_refused_and_break_nothing(cell: Cell) -> None:
    trader = Trader()
    for method, path in WRITES:
        with cell(path):
            for name, body in BODIES.items():
                browser = Client(raise_request_exception=False)
                browser.cookies = again(trader.browser).cookies
                headers = {"Idempotency-Key": str(uuid4()), "X-Second-Factor": "000000"}
                answer = browser.generic(method, path, body, content_type=JSON, headers=headers)
                assert answer.status_code < 500, name


@pytest.mark.django_db
@pytest.mark.security(15)
@pytest.mark.parametrize(
    "wanted",
    ["x", "-1", "home", "'\"><svg>", "//evil.example", "/\\evil.example", "https://evil.example/",
     "javascript:alert(1)", "\ud800".encode("utf-8", "surrogatepass").decode(errors="replace")],
)  # fmt: skip
def test_the_way_back_is_an_address_of_ours_whatever_was_asked(
    wanted: str, console: Client
) -> None:
    trader = Trader()
    answer = trader.browser.post(reverse("signal-answer"), {"next": wanted})
    assert (answer.status_code, answer["Location"]) == (302, reverse("signals"))
    there = console.get(reverse("admin:login"), {"next": wanted})
    assert (there.status_code, there["Location"][:7]) == (302, "/admin/")


@pytest.mark.django_db
@pytest.mark.security(14)
def test_what_one_person_sees_is_kept_by_nobody(world: World, cell: Cell) -> None:
    for name in (
        "home",
        "home-equity",
        "signals",
        "receipts",
        "receipts-csv",
        "settings",
        "orders",
    ):
        with cell(name):
            answer = again(world.owner.browser).get(reverse(name))
            assert answer.status_code == 200
            assert "no-store" in answer["Cache-Control"]
            assert "Cookie" in answer["Vary"]


@pytest.mark.django_db
@pytest.mark.security(28)
@pytest.mark.parametrize("term", ["'\"><svg>", "%00", "9" * 40, "\\", "203.0.113.7"])
def test_the_consoles_search_takes_any_text(console: Client, term: str) -> None:
    for model in ("signals_straymessage", "trading_order", "audit_entry", "accounts_user"):
        address = reverse(f"admin:{model}_changelist")
        assert console.get(address, {"q": term}).status_code in (200, 302)


@pytest.mark.django_db
@pytest.mark.security(6)
def test_a_key_of_repeated_requests_is_its_persons_own() -> None:
    kind = ConsentKind.MARKETING
    version = publish_consent_text(kind=kind, bodies={"en": "Text"}, now=now())
    body = {"kind": kind.value, "version": version}
    headers = {"Idempotency-Key": str(uuid4())}
    answers = [
        Trader().browser.post("/api/v1/consents", body, content_type=JSON, headers=headers)
        for _ in range(2)
    ]
    given = [next(each for each in it.json() if each["kind"] == kind)["given_at"] for it in answers]
    assert given[0] != given[1]


@pytest.mark.django_db(transaction=True)
@pytest.mark.security(9)
def test_of_eight_requests_with_one_recovery_code_one_gets_in() -> None:
    trader = Trader()
    spare = services.make_recovery_codes(user=trader.user)[0]

    def attempt(_number: int) -> bool:
        try:
            return services.accept_login_code(user=trader.user, code=spare) is not None
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(8))).count(True) == 1
    assert RecoveryCode.objects.filter(used_at=None).count() == 9


@pytest.mark.django_db
@pytest.mark.security(29)
@pytest.mark.parametrize(
    ("typed", "people"),
    [("a@b.example\nBcc: x@y.example", 1), ("ANN@EXAMPLE.COM", 1), (" ann@example.com ", 1),
     ("a\0nn@example.com", 1), ("new@example.com", 2)],
)  # fmt: skip
def test_an_address_is_one_persons_however_it_is_typed_and_heads_no_other_mail(
    typed: str, people: int
) -> None:
    services.register_many(people=[services.NewPerson("ann@example.com")])
    given = {"email": typed, "password1": PASSWORD, "password2": PASSWORD, "role": "owner"}
    Client().post(reverse("account_signup"), given)
    assert User.objects.count() == people
    assert not User.objects.filter(is_staff=True).exists()
    assert [each.recipients() for each in mail.outbox] in ([], [["ann@example.com"]], [[typed]])
