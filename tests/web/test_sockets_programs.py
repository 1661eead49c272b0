"""Programs at the socket: a token in the first frame, and the end of what it was good for."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from channels.routing import URLRouter
from django.urls import path

from accounts.models import EndedBy, SigningKey, TokenFamily
from accounts.services import enrol_totp
from accounts.tokens import families, signing
from accounts.tokens.access import issue_access
from accounts.tokens.families import Program, Tokens
from mimic.web import seats
from mimic.web.consumers import SocketConsumer
from mimic.web.hub import publish
from mimic.web.sign_in import with_person
from tests.web.serving import Browser, browser, program, web_process
from tests.web.socket_cast import person, port, signed_in

__all__ = ["port"]


def _now() -> datetime:
    return datetime.now(UTC)


def _tokens(user: Any, *, second_factor: bool = False) -> Tokens:
    asked = Program("bot", None)
    return families.begin_family(user=user, program=asked, second_factor=second_factor, now=_now())


def _hears(page: Browser, user: Any) -> bool:
    publish("whispers", "said", {"n": 1}, people=[user.pk])
    return bool(page.news("whispers")["data"] == {"n": 1})


def test_a_program_signs_in_by_its_first_frame_and_hears_its_person(port: int) -> None:
    user = person()
    with program(port) as bot:
        answer = bot.sign_in(_tokens(user).access)
        assert answer == {"v": 1, "op": "ack", "id": "1", "of": "sign_in"}
        assert bot.ask("subscribe", "whispers")["op"] == "ack"
        assert bot.news("whispers")["data"] == {"of": user.pk}
        assert _hears(bot, user)


def test_a_page_of_ours_without_a_session_may_sign_in_by_token_too(port: int) -> None:
    user = person()
    with browser(port) as page:
        assert page.sign_in(_tokens(user).access)["op"] == "ack"
        page.ask("subscribe", "whispers")
        page.news("whispers")
        assert _hears(page, user)


def test_a_token_does_not_let_another_sites_page_in(port: int) -> None:
    with browser(port, origin="https://evil.example") as page:
        assert page.closed_with() == 4403


@pytest.mark.parametrize("with_cookie", [True, False])
def test_who_sends_no_origin_is_nobody_without_a_token_whatever_its_cookie(
    port: int, with_cookie: bool
) -> None:
    with program(port, signed_in(person()) if with_cookie else None) as bot:
        assert bot.ask("subscribe", "shouts")["code"] == "not_authenticated"
        assert bot.closed_with() == 4401


@pytest.mark.parametrize("token", ["x", "a.b.c", "mk_live_key", "x" * 9_000, "\0"])
def test_what_is_no_access_token_closes_the_socket(port: int, token: str) -> None:
    with program(port) as bot:
        assert bot.sign_in(token)["code"] == "not_authenticated"
        assert bot.closed_with() == 4401


def test_a_refresh_token_and_an_expired_one_are_no_good_either(port: int) -> None:
    tokens = _tokens(person())
    family = TokenFamily.objects.get()
    late = issue_access(family=family, user=family.user, now=_now() - timedelta(minutes=16))
    for token in (tokens.refresh, late):
        with program(port) as bot:
            assert bot.sign_in(token)["code"] == "not_authenticated"
            assert bot.closed_with() == 4401


def test_a_sign_in_without_its_token_is_malformed(port: int) -> None:
    with program(port) as bot:
        assert bot.ask("sign_in")["code"] == "malformed"
        assert bot.ask("ping")["code"] == "not_authenticated"


@pytest.mark.parametrize("cookie", [True, False])
def test_nobody_becomes_somebody_else_later(port: int, cookie: bool) -> None:
    """A token comes first, or not at all; and not on top of a session."""
    with browser(port, signed_in(person()) if cookie else None) as page:
        assert page.ask("ping")["op"] == "pong"
        assert page.sign_in(_tokens(person()).access)["code"] == "not_authenticated"
        assert page.closed_with() == 4401


class _Hurried(SocketConsumer):
    sign_in_seconds = 0.3


@pytest.mark.django_db(transaction=True)
def test_a_program_that_says_nothing_is_closed() -> None:
    sockets = with_person(URLRouter([path("ws/", _Hurried.as_asgi())]))
    with web_process(sockets) as port, program(port) as bot, browser(port) as page:
        assert bot.closed_with() == 4401
        assert page.ask("ping")["op"] == "pong", "a stranger on a page of ours may stay one"


def _log_out(_user: Any, tokens: Tokens) -> None:
    families.log_out(token=tokens.refresh, now=_now())


def _end_for_the_person(_user: Any, _tokens: Tokens) -> None:
    families.end_family(family=TokenFamily.objects.get(), by=EndedBy.PERSON, now=_now())


def _reuse(_user: Any, tokens: Tokens) -> None:
    families.refresh_family(token=tokens.refresh, now=_now())
    with pytest.raises(families.RefreshRefused):
        families.refresh_family(token=tokens.refresh, now=_now())


def _revoke_key(_user: Any, _tokens: Tokens) -> None:
    signing.revoke_signing_key(key=SigningKey.objects.get(), now=_now())


@pytest.mark.parametrize("deed", [_log_out, _end_for_the_person, _reuse, _revoke_key])
def test_a_socket_ends_with_what_its_token_is_worth(
    port: int, deed: Callable[[Any, Tokens], None]
) -> None:
    user = person()
    tokens = _tokens(user)
    with program(port) as bot, browser(port, signed_in(user)) as page:
        bot.sign_in(tokens.access)
        bot.ask("subscribe", "shouts")
        page.ask("ping")
        deed(user, tokens)
        assert bot.closed_with() == 4401
        assert page.ask("ping")["op"] == "pong", "a session is another sign-in"


def test_a_socket_ends_when_its_token_expires_unless_a_newer_one_comes(port: int) -> None:
    user = person()
    _tokens(user)
    family = TokenFamily.objects.get()
    nearly_over = _now() - timedelta(minutes=15) + timedelta(seconds=2)
    short = issue_access(family=family, user=user, now=nearly_over)
    with program(port) as ends, program(port) as goes_on:
        assert ends.sign_in(short)["op"] == goes_on.sign_in(short)["op"] == "ack"
        goes_on.ask("subscribe", "shouts")
        assert goes_on.sign_in(issue_access(family=family, user=user, now=_now()))["op"] == "ack"
        assert ends.closed_with() == 4401
        assert goes_on.ask("ping")["op"] == "pong"
        assert goes_on.sign_in(_tokens(user).access)["code"] == "not_authenticated", "another's"


def test_programs_sit_among_their_persons_five_sockets(port: int) -> None:
    user = person()
    token = _tokens(user).access
    bots = [program(port) for _ in range(seats.PER_PERSON)]
    for each in bots:
        assert each.__enter__().sign_in(token)["op"] == "ack"
    with program(port) as sixth:
        sixth.connection.send(json.dumps({"op": "sign_in", "token": token}))
        assert sixth.closed_with() == 4429
    for each in bots:
        each.__exit__(None, None, None)


@pytest.mark.parametrize(("shown", "answer"), [(True, "ack"), (False, "error")])
def test_staff_are_let_backstage_by_a_token_of_a_sign_in_with_a_second_factor(
    port: int, shown: bool, answer: str
) -> None:
    user = person(role="admin")
    enrol_totp(user=user)
    with program(port) as bot:
        bot.sign_in(_tokens(user, second_factor=shown).access)
        assert bot.ask("subscribe", "backstage")["op"] == answer
