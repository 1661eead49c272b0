"""API keys: shown once, for some things, from some places, for some time, and counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings
from time_machine import TimeMachineFixture

from accounts.key_use import sweep_key_use
from accounts.models import ApiKey, ApiKeyDay, User
from accounts.program_selectors import key_shown
from accounts.services import api_keys
from mimic.api.scopes import Scope
from mimic.ops.embedded.valkey import Valkey
from tests.api.cast import a_key, a_token, get, post, signed_in
from tests.api.programs import with_key, with_token
from tests.cast import a_person
from tests.web.accounts_cast import Trader

pytestmark = pytest.mark.django_db
WANTED = {"name": "my bot", "scopes": ["account:read", "trading:read"]}


@pytest.fixture
def trader() -> Trader:
    return Trader()


def now() -> datetime:
    return datetime.now(UTC)


def make(trader: Trader, **changes: Any) -> Any:
    return post(trader.browser, "api-keys", WANTED | changes, X_Second_Factor=trader.code())


def opens(secret: str, address: str = "127.0.0.1") -> bool:
    answer = with_key(secret, address).get("/api/v1/me")
    if answer.status_code != 200:
        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    return bool(answer.status_code == 200)


def test_a_key_is_made_with_a_fresh_code_and_shown_once(trader: Trader) -> None:
    made = make(trader)
    assert (made.status_code, made["Cache-Control"]) == (201, "no-store")
    secret, key = made.json()["secret"], made.json()["key"]
    assert secret.startswith("mk_")
    assert key["prefix"] == secret[:9]
    assert (key["in_force"], key["tier"], key["networks"]) == (True, "standard", [])
    assert opens(secret)
    for path in ("api-keys", f"api-keys/{key['id']}"):
        assert secret not in trader.browser.get(f"/api/v1/{path}").text
    stored = ApiKey.objects.values().get()
    assert secret not in str(stored)
    assert secret.encode() not in bytes(stored["digest"])


@pytest.mark.parametrize("code", ["", "000000"])
def test_no_key_is_made_without_a_right_code(trader: Trader, code: str) -> None:
    answer = post(trader.browser, "api-keys", WANTED, X_Second_Factor=code)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_refused")
    assert not ApiKey.objects.exists()


def test_who_has_no_app_is_told_to_set_one_up() -> None:
    answer = post(signed_in(a_person()), "api-keys", WANTED)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_missing")


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("scopes", [], "/scopes"),
        ("scopes", ["everything"], "/scopes/0"),
        ("networks", ["203.0.113.1/24"], "/networks/0"),
        ("networks", ["0.0.0.0/0"], "/networks/0"),
        ("networks", ["home"], "/networks/0"),
        ("expires_in_days", 0, "/expires_in_days"),
        ("name", "", "/name"),
    ],
)
def test_odd_terms_are_refused_by_field_and_spend_no_code(
    trader: Trader, field: str, value: Any, pointer: str
) -> None:
    code = trader.code()
    answer = post(trader.browser, "api-keys", WANTED | {field: value}, X_Second_Factor=code)
    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == [pointer]
    assert post(trader.browser, "api-keys", WANTED, X_Second_Factor=code).status_code == 201


def test_a_key_works_from_its_networks_alone(trader: Trader, settings: Settings) -> None:
    terms = ["198.51.100.0/24", "2001:db8:1::/48"]
    secret = make(trader, networks=terms).json()["secret"]
    assert opens(secret, "198.51.100.7")
    assert opens(secret, "2001:db8:1:2::3")
    assert opens(secret, "::ffff:198.51.100.7")
    assert not opens(secret, "203.0.113.9")
    forwarded = {"X-Api-Key": secret, "X-Forwarded-For": "198.51.100.7"}
    spoofed = Client(headers=forwarded, REMOTE_ADDR="203.0.113.9")
    assert spoofed.get("/api/v1/me").status_code == 401
    settings.TRUSTED_PROXIES = [ip_network("203.0.113.9")]
    assert spoofed.get("/api/v1/me").status_code == 200


def test_a_key_ends_with_its_time_its_person_or_its_revocation_at_once(
    trader: Trader, time_machine: TimeMachineFixture
) -> None:
    made = make(trader, expires_in_days=30).json()
    assert opens(made["secret"])
    User.objects.filter(pk=trader.user.pk).update(is_active=False)
    assert not opens(made["secret"])
    User.objects.filter(pk=trader.user.pk).update(is_active=True)
    assert key_shown(made["secret"], address="", now=now() + timedelta(days=31)) is None
    for _time in range(2):
        gone = trader.browser.delete(f"/api/v1/api-keys/{made['key']['id']}")
        assert gone.status_code == 204
    assert not opens(made["secret"])
    shown = get(trader.browser, f"api-keys/{made['key']['id']}")
    assert (shown["in_force"], shown["revoked_at"] is None) == (False, False)


@pytest.mark.parametrize("secret", ["", "mk_", "mk_unknown", "é", "x" * 10_000, "\x00"])
def test_what_is_no_key_is_refused_in_the_same_words(secret: str) -> None:
    assert not opens(secret)


def test_a_key_is_followed_by_another_with_the_same_terms_while_it_still_works(
    trader: Trader,
) -> None:
    old = make(trader, networks=["127.0.0.1"], expires_in_days=90).json()
    path = f"api-keys/{old['key']['id']}/rotate"
    rotated = post(trader.browser, path, {"overlap_hours": 2}, X_Second_Factor=trader.code())
    new = rotated.json()
    assert rotated.status_code == 201
    same = ("name", "scopes", "networks", "tier")
    assert [new["key"][each] for each in same] == [old["key"][each] for each in same]
    assert opens(old["secret"])
    assert opens(new["secret"])
    shown = get(trader.browser, f"api-keys/{old['key']['id']}")
    assert shown["followed_by"] == new["key"]["id"]
    later = now() + timedelta(hours=2, seconds=1)
    assert key_shown(old["secret"], address="127.0.0.1", now=later) is None
    in_80_days = now() + timedelta(days=80)
    assert key_shown(new["secret"], address="127.0.0.1", now=in_80_days) is not None
    again = post(trader.browser, path, {}, X_Second_Factor=trader.code())
    assert (again.status_code, again.json()["code"]) == (409, "api_key.not_in_force")


def test_a_person_has_twenty_keys_in_force_and_revoking_makes_room(trader: Trader) -> None:
    made = [a_key(trader.user, Scope.MARKET_READ) for _ in range(api_keys.MOST_KEYS)]
    full = make(trader)
    assert (full.status_code, full.json()["code"]) == (409, "api_key.too_many")
    api_keys.revoke_key(key=made[0].key, now=now())
    assert make(trader).status_code == 201


def test_a_key_is_recognised_by_one_statement(
    trader: Trader, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    secret = a_key(trader.user, Scope.ACCOUNT_READ).secret
    with django_assert_num_queries(1):
        key_shown(secret, address="127.0.0.1", now=now())


def test_each_tier_has_its_count(settings: Settings, trader: Trader) -> None:
    settings.API_REQUESTS_A_MINUTE = {"address": 60, "person": 1, "standard": 2, "high": 3}
    slow, quick = (a_key(trader.user, Scope.ACCOUNT_READ) for _ in range(2))
    api_keys.set_tier(key=quick.key, tier="high")
    for made, most in ((slow, 2), (quick, 3)):
        program = with_key(made.secret)
        answers = [program.get("/api/v1/me") for _ in range(most + 1)]
        assert [answer.status_code for answer in answers] == [200] * most + [429]
        assert answers[0]["RateLimit-Limit"] == str(most)


def test_use_is_counted_by_day_and_told(trader: Trader) -> None:
    made = a_key(trader.user, Scope.ACCOUNT_READ)
    program = with_key(made.secret, "198.51.100.7")
    for _ in range(3):
        program.get("/api/v1/me")
    program.get("/api/v1/trades")  # refused, and used all the same
    assert sweep_key_use(now()) == 1
    program.get("/api/v1/me")
    assert sweep_key_use(now()) == 1
    assert sweep_key_use(now()) == 0
    usage = get(trader.browser, f"api-keys/{made.key.public_id}/usage")
    assert usage == [{"day": str(now().date()), "requests": 5}]
    shown = get(trader.browser, f"api-keys/{made.key.public_id}")
    assert shown["last_used_address"] == "198.51.100.7"
    assert shown["last_used_at"] is not None


def test_use_is_forgotten_after_400_days_and_of_keys_that_are_gone(trader: Trader) -> None:
    made = a_key(trader.user, Scope.ACCOUNT_READ)
    with_key(made.secret).get("/api/v1/me")
    ApiKey.objects.all().delete()
    sweep_key_use(now())
    assert not ApiKeyDay.objects.exists()
    other = a_key(trader.user, Scope.ACCOUNT_READ)
    ApiKeyDay.objects.create(key=other.key, day=(now() - timedelta(days=402)).date())
    sweep_key_use(now())
    assert not ApiKeyDay.objects.exists()


@pytest.mark.chaos
def test_keys_work_without_redis_and_are_then_not_counted(trader: Trader, valkey: Valkey) -> None:
    secret = a_key(trader.user, Scope.ACCOUNT_READ).secret
    valkey.stop()
    assert opens(secret)
    assert sweep_key_use(now()) == 0


def test_the_database_keeps_no_key_that_may_do_nothing(trader: Trader) -> None:
    made = a_key(trader.user, Scope.MARKET_READ)
    with pytest.raises(IntegrityError, match="api_key_may_do_something"), transaction.atomic():
        ApiKey.objects.filter(pk=made.key.pk).update(scopes=[])


def test_a_person_sees_their_programs_and_ends_them(trader: Trader) -> None:
    token = a_token(trader.user)
    (shown,) = get(trader.browser, "me/sign-ins")["results"]
    assert (shown["program"], shown["address"]) == ("bot", "203.0.113.9")
    ended = trader.browser.delete(f"/api/v1/me/sign-ins/{shown['id']}")
    assert ended.status_code == 204
    assert with_token(token).get("/api/v1/me").status_code == 401
    assert get(trader.browser, "me/sign-ins")["results"] == []
