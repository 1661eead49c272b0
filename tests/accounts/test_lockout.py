"""Guessing gets slower and slower, and cannot be used to lock a person out where they live."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from itertools import count
from threading import Barrier
from typing import Any

import pytest
import redis
from django.contrib.auth.hashers import check_password, make_password
from django.test import Client
from pytest_django import Settings

from accounts.lockout import Attempt, guarded
from accounts.models import User
from mimic.core.errors import TooManyRequests
from mimic.ops.embedded.valkey import Valkey
from mimic.settings.identity import PASSWORD_HASHERS
from tests.api.programs import solving
from tests.cast import a_person

pytestmark = pytest.mark.django_db
HOME, ATTACKER = "198.51.100.7", "203.0.113.9"
_addresses = (f"192.0.2.{number}" for number in count(1))


def fails(account: str, address: str) -> bool:
    """True if it was looked at, False if it was refused unseen."""
    try:
        guarded(Attempt(account, address), lambda: None)
    except TooManyRequests:
        return False
    return True


def succeeds(account: str, address: str) -> bool:
    try:
        return guarded(Attempt(account, address), lambda: True) is True
    except TooManyRequests:
        return False


def wait_of(account: str, address: str) -> int:
    with pytest.raises(TooManyRequests) as refused:
        guarded(Attempt(account, address), lambda: True)
    return refused.value.retry_after


def open_locks(server: redis.Redis) -> None:
    """As if their time had come; what they remember stays."""
    for key in server.scan_iter("mimic:lock:*"):
        server.hset(key, "until", 0)
    for key in server.scan_iter("mimic:limit:*"):
        server.delete(key)


def test_five_failures_lock_the_address_and_the_account_for_strangers() -> None:
    assert all(fails("ann@example.com", ATTACKER) for _ in range(5))
    assert not succeeds("ann@example.com", ATTACKER)
    assert not succeeds("bob@example.com", ATTACKER)
    assert not succeeds("ann@example.com", "192.0.2.250")
    assert succeeds("bob@example.com", "192.0.2.250")
    assert 890 <= wait_of("ann@example.com", ATTACKER) <= 900


def test_guesses_from_many_addresses_lock_the_account_for_unknown_ones() -> None:
    for _ in range(5):
        assert fails("Ann@Example.com ", next(_addresses))
    assert not fails("ann@example.com", next(_addresses))


def test_nobody_can_lock_a_person_out_where_they_have_signed_in() -> None:
    assert succeeds("ann@example.com", HOME)
    for _ in range(20):
        fails("ann@example.com", next(_addresses))
    assert not succeeds("ann@example.com", next(_addresses))
    assert succeeds("ann@example.com", HOME)


def test_a_familiar_address_that_guesses_is_locked_like_any_other() -> None:
    assert succeeds("ann@example.com", HOME)
    assert [fails("ann@example.com", HOME) for _ in range(6)] == [True] * 5 + [False]


def test_each_lock_lasts_twice_as_long_up_to_a_day(redis_server: redis.Redis) -> None:
    waits = []
    for _lock in range(9):
        for _failure in range(5):
            assert fails("ann@example.com", ATTACKER)
        waits.append(wait_of("ann@example.com", ATTACKER))
        open_locks(redis_server)
    minutes = [round(wait / 60) for wait in waits]
    assert minutes == [15, 30, 60, 120, 240, 480, 960, 1440, 1440]


def test_one_address_tries_ten_times_a_minute_whatever_comes_of_it() -> None:
    assert [succeeds(f"p{number}@example.com", ATTACKER) for number in range(11)] == (
        [True] * 10 + [False]
    )
    assert succeeds("p1@example.com", HOME)


def test_an_ipv6_caller_has_one_count_for_the_whole_network() -> None:
    outcomes = [fails(f"p{number}@example.com", f"2001:db8::{number}") for number in range(6)]
    assert outcomes == [True] * 5 + [False]


@pytest.mark.chaos
def test_without_redis_a_process_lets_three_attempts_an_address_and_thirty_in_all_through(
    valkey: Valkey,
) -> None:
    valkey.stop()
    assert [fails("ann@example.com", ATTACKER) for _ in range(4)] == [True] * 3 + [False]
    others = [fails("ann@example.com", next(_addresses)) for _ in range(40)]
    assert others.count(True) == 27


@pytest.fixture
def person(db: None) -> User:
    return a_person(password="correct horse battery")


def log_in(person: User, password: str, address: str) -> Any:
    browser = Client(REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": address})
    given = {"email": person.email, "password": password}
    return solving(lambda work: browser.post(
        "/api/v1/auth/login", {**given, "work": work}, content_type="application/json"
    ))  # fmt: skip


def test_the_door_tells_when_to_come_again(person: User, settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    statuses = [log_in(person, "wrong", ATTACKER).status_code for _ in range(5)]
    assert statuses == [401] * 5
    locked = log_in(person, "correct horse battery", ATTACKER)
    assert (locked.status_code, locked.json()["code"]) == (429, "too_many_requests")
    assert locked["Content-Type"] == "application/problem+json"
    assert 890 <= int(locked["Retry-After"]) <= 900
    assert log_in(person, "correct horse battery", HOME).status_code == 429  # never been there


def test_an_address_is_believed_from_a_trusted_proxy_alone(person: User) -> None:
    for number in range(5):
        log_in(person, "wrong", f"192.0.2.{number}")
    assert log_in(a_person(), "wrong", "192.0.2.77").status_code == 429


def test_at_most_two_passwords_are_hashed_at_once_and_the_rest_is_told_to_come_again(
    settings: Settings,
) -> None:
    settings.PASSWORD_HASHERS = PASSWORD_HASHERS  # at the site's price, not at that of tests
    encoded = make_password("correct horse battery")
    assert encoded.startswith("argon2$argon2id$v=19$m=102400,t=2,p=8$")
    together = Barrier(8)

    def attempt(_number: int) -> str:
        together.wait()
        try:
            return str(check_password("correct horse battery", encoded))
        except TooManyRequests as refused:
            return f"again in {refused.retry_after}"

    with ThreadPoolExecutor(8) as pool:
        ends = list(pool.map(attempt, range(8)))
    assert ends.count("True") >= 2
    assert set(ends) <= {"True", "again in 1"}
    assert check_password("correct horse battery", encoded)
