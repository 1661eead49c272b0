"""Tokens of programs: short, revocable at once, and a refresh token that works once."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries
from time_machine import TimeMachineFixture

from accounts.models import EndedBy, RefreshToken, SigningKey, TokenFamily, User
from accounts.tokens import families, signing
from accounts.tokens.access import audience, read_access
from accounts.tokens.families import Program, RefreshRefused, Tokens
from mimic.core.errors import NotAuthenticated
from tests.cast import a_person

pytestmark = pytest.mark.django_db


def now() -> datetime:
    return datetime.now(UTC)


def signed_in(user: User) -> Tokens:
    program = Program("bot", "203.0.113.9")
    return families.begin_family(user=user, program=program, second_factor=False, now=now())


@pytest.fixture
def person() -> User:
    return a_person(password="correct horse battery")


@pytest.fixture
def tokens(person: User) -> Tokens:
    return signed_in(person)


def reads(token: str) -> bool:
    try:
        read_access(token, now=now())
    except NotAuthenticated:
        return False
    return True


def test_an_access_token_says_who_for_whom_and_until_when(person: User, tokens: Tokens) -> None:
    header = jwt.get_unverified_header(tokens.access)
    key = SigningKey.objects.get()
    assert header == {"alg": "RS256", "typ": "at+jwt", "kid": key.kid}
    claims = jwt.decode(tokens.access, key.public_key, algorithms=["RS256"], audience=audience())
    family = TokenFamily.objects.get()
    assert (claims["sub"], claims["sid"]) == (str(person.public_id), str(family.public_id))
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert claims["amr"] == ["pwd"]
    assert read_access(tokens.access, now=now()).user == person


def test_reading_a_token_takes_one_statement(
    tokens: Tokens, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        read_access(tokens.access, now=now())


def test_a_token_lives_for_fifteen_minutes(person: User, time_machine: TimeMachineFixture) -> None:
    time_machine.move_to(datetime(2027, 1, 1, tzinfo=UTC), tick=False)
    tokens = signed_in(person)
    time_machine.shift(899)
    assert reads(tokens.access)
    time_machine.shift(2)
    assert not reads(tokens.access)


def _deactivate(person: User) -> None:
    User.objects.filter(pk=person.pk).update(is_active=False)


def _new_password(person: User) -> None:
    person.set_password("another horse battery")
    person.save()


def _end(person: User) -> None:
    family = TokenFamily.objects.get(user=person)
    families.end_family(family=family, by=EndedBy.OPERATOR, now=now())


def _revoke_key(_person: User) -> None:
    signing.revoke_signing_key(key=SigningKey.objects.get(), now=now())


@pytest.mark.parametrize("deed", [_deactivate, _new_password, _end, _revoke_key])
def test_tokens_end_the_moment_that(
    person: User, tokens: Tokens, deed: Callable[[User], None]
) -> None:
    assert reads(tokens.access)
    deed(person)
    assert not reads(tokens.access)


@pytest.mark.parametrize("deed", [_deactivate, _new_password, _end])
def test_nothing_is_refreshed_after_that_either(
    person: User, tokens: Tokens, deed: Callable[[User], None]
) -> None:
    deed(person)
    with pytest.raises(RefreshRefused):
        families.refresh_family(token=tokens.refresh, now=now())


def test_signing_out_ends_the_access_token_too_and_twice_is_once(tokens: Tokens) -> None:
    for _time in range(2):
        families.log_out(token=tokens.refresh, now=now())
    assert not reads(tokens.access)
    assert TokenFamily.objects.get().ended_by == EndedBy.LOGOUT


def _forged(token: str, *, header: dict[str, object] | None = None, **claims: object) -> str:
    """The token with other words and its old signature."""
    parts = token.split(".")
    for place, changes in enumerate((header or {}, claims)):
        said = json.loads(base64.urlsafe_b64decode(parts[place] + "=="))
        raw = json.dumps(said | changes).encode()
        parts[place] = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return ".".join(parts)


def test_no_forged_token_is_read(person: User, tokens: Tokens) -> None:
    stranger = signed_in(a_person())
    public = SigningKey.objects.get().public_key
    sid = jwt.decode(tokens.access, options={"verify_signature": False})["sid"]
    # What an attacker does to a library that believes the header: HMAC with the public key.
    hmac_key = base64.b64encode(public.encode()).decode()
    by_hmac = jwt.encode({"sid": sid}, hmac_key, algorithm="HS256", headers={"typ": "at+jwt"})
    hours = int(time.time()) + 7_200
    for forged in (
        _forged(stranger.access, sid=sid),
        _forged(tokens.access, exp=hours),
        _forged(tokens.access, sub=str(a_person().public_id)),
        _forged(tokens.access, header={"alg": "none"}),
        _forged(tokens.access, header={"kid": "0" * 32}),
        _forged(tokens.access, header={"kid": "\x00"}),
        _forged(tokens.access, header={"typ": "JWT"}),
        _forged(tokens.access, sid=7),
        tokens.access.rpartition(".")[0] + ".",
        tokens.access[:-6] + "AAAAAA",
        by_hmac, tokens.refresh, "", ".", "..", "a.b.c", "é" * 40,
        base64.urlsafe_b64encode(b"[" * 1_400).decode() + ".e30.e30",
    ):  # fmt: skip
        assert not reads(forged), forged
    assert reads(tokens.access)


def test_a_token_for_another_house_is_not_read(tokens: Tokens, settings: object) -> None:
    settings.SITE_URL = "https://another.example"  # type: ignore[attr-defined]
    assert not reads(tokens.access)


def test_a_refresh_token_works_once_and_its_second_time_ends_the_family(
    person: User, tokens: Tokens
) -> None:
    other = signed_in(person)
    newer = families.refresh_family(token=tokens.refresh, now=now())
    assert reads(newer.access)
    with pytest.raises(RefreshRefused):
        families.refresh_family(token=tokens.refresh, now=now())
    assert not reads(newer.access)
    with pytest.raises(RefreshRefused):
        families.refresh_family(token=newer.refresh, now=now())
    assert reads(other.access)  # another sign-in of the same person
    ended = TokenFamily.objects.exclude(ended_at=None).get()
    assert ended.ended_by == EndedBy.REUSE


@pytest.mark.django_db(transaction=True)
def test_of_eight_refreshes_at_once_one_wins_and_the_family_ends(tokens: Tokens) -> None:
    def attempt(_number: int) -> bool:
        try:
            families.refresh_family(token=tokens.refresh, now=now())
        except RefreshRefused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(attempt, range(8))).count(True) == 1
    assert TokenFamily.objects.get().ended_by == EndedBy.REUSE


def test_a_refresh_token_expires_after_two_idle_weeks_and_the_family_after_thirty_days(
    person: User, tokens: Tokens
) -> None:
    with pytest.raises(RefreshRefused):
        families.refresh_family(token=tokens.refresh, now=now() + timedelta(days=14))
    newest, moment = signed_in(person), now()
    for _week in range(4):
        moment += timedelta(days=7)
        newest = families.refresh_family(token=newest.refresh, now=moment)
    assert newest.refresh_expires_at < moment + timedelta(days=3)
    with pytest.raises(RefreshRefused):
        families.refresh_family(token=newest.refresh, now=moment + timedelta(days=2, minutes=1))


def test_nothing_that_is_stored_signs_anybody_in(tokens: Tokens) -> None:
    stored = bytes(RefreshToken.objects.get().digest)
    assert tokens.refresh.encode() not in stored
    key = SigningKey.objects.get()
    assert "PRIVATE" not in key.private_key
    assert key.private_key.startswith("v1:")


def test_a_new_key_signs_while_the_old_ones_tokens_live_out_their_minutes(
    person: User, tokens: Tokens, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("rotate_token_key")
    newer = signed_in(person)
    kid = jwt.get_unverified_header(newer.access)["kid"]
    assert capsys.readouterr().out.strip() == kid
    assert kid != jwt.get_unverified_header(tokens.access)["kid"]
    assert reads(tokens.access)
    assert reads(newer.access)
    with pytest.raises(NotAuthenticated):
        read_access(tokens.access, now=now() + timedelta(minutes=17))


def test_two_keys_never_sign_at_once() -> None:
    signing.current_key(now=now())
    with pytest.raises(IntegrityError, match="one_key_signs"), transaction.atomic():
        SigningKey.objects.create(kid="x", public_key="", private_key="", created_at=now())


def test_keys_are_rotated_by_age_and_forgotten_and_an_unused_house_gets_none() -> None:
    assert signing.sweep_signing_keys(now()) == 0
    first = signing.current_key(now=now())
    assert signing.sweep_signing_keys(now()) == 0
    later = now() + timedelta(days=91)
    assert signing.sweep_signing_keys(later) == 1
    assert signing.current_key(now=later) != first
    assert signing.sweep_signing_keys(later + timedelta(days=91)) == 2
    assert not SigningKey.objects.filter(pk=first.pk).exists()


def test_sign_ins_are_forgotten_a_month_after_they_expired(tokens: Tokens) -> None:
    assert families.sweep_families(now() + timedelta(days=59)) == 0
    assert families.sweep_families(now() + timedelta(days=61)) == 2  # with its refresh token
