"""Whose socket it is: sessions looked up for a crowd, and closed when they end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from mimic.web.hub import publish
from mimic.web.hub.wire import SEQUENCE_KEY
from mimic.web.loops import Together
from mimic.web.sign_in import people_of
from tests.web.serving import browser
from tests.web.socket_cast import person, port, signed_in

__all__ = ["port"]


def _key(client: Client) -> str:
    return str(client.cookies[settings.SESSION_COOKIE_NAME].value)


def _everybody_looks_again(redis_server: redis.Redis) -> None:
    """A number that Redis skipped is a message that was missed: it may have been a sign-out."""
    publish("shouts", "said", {})
    redis_server.incr(SEQUENCE_KEY)
    publish("shouts", "said", {})


@pytest.mark.django_db
def test_a_crowd_is_looked_up_in_two_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    users = [person() for _ in range(5)]
    keys = [_key(signed_in(user)) for user in users]
    with django_assert_num_queries(2):
        found = people_of([*keys, "nobodys0session0key"])
    assert [each.user.pk if each else None for each in found] == [*(u.pk for u in users), None]


@pytest.mark.django_db
def test_ended_outdated_and_blocked_sessions_are_nobodys() -> None:
    users = [person() for _ in range(4)]
    keys = [_key(signed_in(user)) for user in users]
    Session.objects.filter(pk=keys[0]).update(expire_date=timezone.now() - timedelta(seconds=1))
    users[1].set_password("another long passphrase")
    users[1].save()
    users[2].is_active = False
    users[2].save()
    found = people_of(keys)
    assert [each is not None for each in found] == [False, False, False, True]


@pytest.mark.django_db
def test_a_session_outlives_a_change_of_the_secret_key_as_pages_do(settings: Any) -> None:
    key = _key(signed_in(person()))
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret key, which is long enough for a test of its change"
    assert people_of([key])[0] is not None


@pytest.mark.parametrize("cookie", ["", "\0" * 32, "' OR 1=1 --", "x" * 400, 'sess"ion'])
def test_a_cookie_that_is_no_sessions_is_a_strangers(port: int, cookie: str) -> None:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = cookie.replace("\0", "%00")
    with browser(port, client) as page:
        assert page.ask("subscribe", "whispers")["code"] == "not_authenticated"


def test_a_session_that_ended_unheard_is_found_when_news_were_missed(
    port: int, redis_server: redis.Redis
) -> None:
    gone, stays = signed_in(person()), signed_in(person())
    with browser(port, gone) as left, browser(port, stays) as page:
        left.ask("ping")
        page.ask("subscribe", "shouts")
        Session.objects.filter(pk=_key(gone)).delete()
        _everybody_looks_again(redis_server)
        page.news("shouts")
        assert left.closed_with() == 4401
        assert page.ask("ping")["op"] == "pong"


def test_a_changed_password_closes_the_sockets_of_older_sessions(
    port: int, redis_server: redis.Redis
) -> None:
    user = person()
    with browser(port, signed_in(user)) as page:
        page.ask("subscribe", "shouts")
        user.set_password("another long passphrase")
        user.save()
        _everybody_looks_again(redis_server)
        assert page.closed_with() == 4401


def test_questions_that_come_meanwhile_are_asked_together() -> None:
    batches: list[list[int]] = []

    async def square(numbers: Sequence[int]) -> list[int]:
        batches.append(list(numbers))
        await asyncio.sleep(0.01)
        return [number**2 for number in numbers]

    async def ask() -> list[int]:
        together = Together(square, at_most=3)
        first = asyncio.create_task(together.ask(1))
        await asyncio.sleep(0.005)
        return [await first, *await asyncio.gather(*map(together.ask, range(2, 6)))]

    assert asyncio.run(ask()) == [1, 4, 9, 16, 25]
    assert batches[0] == [1]
    assert max(map(len, batches)) == 3


def test_a_fault_is_everybodys_who_asked_and_the_next_ask_anew() -> None:
    calls = []

    async def answer(questions: Sequence[str]) -> list[str]:
        calls.append(questions)
        if len(calls) == 1:
            raise ConnectionError("away")
        return list(questions)

    async def ask() -> list[Any]:
        together = Together(answer, at_most=10)
        told = await asyncio.gather(together.ask("a"), together.ask("b"), return_exceptions=True)
        return [*told, await together.ask("c")]

    first, second, third = asyncio.run(ask())
    assert isinstance(first, ConnectionError)
    assert isinstance(second, ConnectionError)
    assert third == "c"
