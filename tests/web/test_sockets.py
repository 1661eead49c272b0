"""Who may open the socket, what it answers, and when it closes."""

from __future__ import annotations

import time

import pytest
import redis

from mimic.web import seats
from mimic.web.hub import publish
from mimic.web.people import close_sockets_of
from tests.web.serving import browser
from tests.web.socket_cast import person, port, signed_in

__all__ = ["port"]


def test_a_page_of_another_site_is_refused(port: int) -> None:
    with browser(port, signed_in(person()), origin="https://evil.example") as page:
        assert page.closed_with() == 4403


@pytest.mark.parametrize("origin", ["http://127.0.0.1:1", "null", "http://localhost.evil.example"])
def test_a_neighbouring_origin_is_refused_too(port: int, origin: str) -> None:
    with browser(port, origin=origin) as page:
        assert page.closed_with() == 4403


def test_a_stranger_hears_public_channels(port: int) -> None:
    with browser(port) as page:
        assert page.ask("subscribe", "shouts")["op"] == "ack"
        publish("shouts", "said", {"text": "hello"})
        assert page.news("shouts")["data"] == {"text": "hello"}


def test_a_stranger_on_a_private_channel_is_closed(port: int) -> None:
    with browser(port) as page:
        assert page.ask("subscribe", "whispers")["code"] == "not_authenticated"
        assert page.closed_with() == 4401


def test_a_trader_is_not_let_backstage(port: int) -> None:
    with browser(port, signed_in(person())) as page:
        assert page.ask("subscribe", "backstage")["code"] == "forbidden"


def test_staff_without_a_second_factor_is_not_let_backstage_either(port: int) -> None:
    with browser(port, signed_in(person(role="admin"))) as page:
        assert page.ask("subscribe", "backstage")["code"] == "forbidden"


def test_staff_with_a_second_factor_is(port: int) -> None:
    client = signed_in(person(role="admin"))
    session = client.session
    session["otp_device_id"] = "accounts.device/1"
    session.save()
    with browser(port, client) as page:
        assert page.ask("subscribe", "backstage")["op"] == "ack"


def test_a_subscription_starts_with_a_snapshot(port: int) -> None:
    user = person()
    with browser(port, signed_in(user)) as page:
        assert page.ask("subscribe", "whispers", "prices:BTCUSDT")["channels"] == [
            "whispers",
            "prices:BTCUSDT",
        ]
        first = page.news("whispers")
        assert (first["type"], first["seq"], first["data"]) == ("snapshot", 1, {"of": user.pk})
        assert page.news("prices:BTCUSDT")["data"] == {"name": "prices:BTCUSDT"}


def test_subscribing_again_brings_a_new_snapshot(port: int) -> None:
    with browser(port) as page:
        for number in (1, 2):
            page.ask("subscribe", "prices:X")
            again = page.news("prices:X")
            assert (again["type"], again["seq"]) == ("snapshot", number)


def test_a_page_that_was_just_drawn_goes_without_a_snapshot(port: int) -> None:
    with browser(port) as page:
        page.connection.send('{"op":"subscribe","channels":["prices:X"],"snapshot":false}')
        assert page._next(lambda message: "op" in message)["op"] == "ack"
        publish("prices:X", "last", {"n": 1})
        assert page.news("prices:X")["type"] == "last"


def test_after_unsubscribing_nothing_more_comes(port: int) -> None:
    with browser(port) as page:
        page.ask("subscribe", "shouts", "prices:X")
        assert page.ask("unsubscribe", "shouts")["of"] == "unsubscribe"
        publish("shouts", "said", {})
        publish("prices:X", "last", {"said": True})
        page.news("prices:X")
        assert page.ask("ping")["op"] == "pong"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "malformed"),
        ("[]", "malformed"),
        ('{"op":"dance"}', "unknown_operation"),
        ('{"op":"subscribe"}', "malformed"),
        ('{"op":"subscribe","channels":["shouts"],"snapshot":1}', "malformed"),
        ('{"op":"' + "x" * 16_384 + '"}', "malformed"),
        ('{"op":"subscribe","channels":["no such"]}', "unknown_channel"),
        ('{"op":"subscribe","channels":["nosuch"]}', "unknown_channel"),
        ('{"op":"subscribe","channels":[{"a":1}]}', "unknown_channel"),
    ],
)
def test_nonsense_is_answered_with_a_code(port: int, text: str, code: str) -> None:
    with browser(port) as page:
        page.connection.send(text)
        assert page._next(lambda message: "op" in message)["code"] == code
        assert page.ask("ping")["op"] == "pong"


def test_a_sixth_socket_of_one_person_is_refused_and_a_closed_one_gives_room(port: int) -> None:
    client = signed_in(person())
    pages = [browser(port, client) for _ in range(seats.PER_PERSON)]
    for each in pages:
        each.__enter__().ask("ping")
    with browser(port, client) as sixth:
        assert sixth.closed_with() == 4429
    pages.pop().__exit__(None, None, None)
    time.sleep(0.2)
    with browser(port, client) as page:
        assert page.ask("ping")["op"] == "pong"
    for each in pages:
        each.__exit__(None, None, None)


def test_more_than_fifty_channels_end_the_socket(port: int) -> None:
    with browser(port) as page:
        page.ask("subscribe", *[f"prices:A{n}" for n in range(50)])
        assert page.ask("subscribe", "shouts")["code"] == "too_many_channels"
        assert page.closed_with() == 4429


def test_a_flood_of_requests_ends_the_socket(port: int) -> None:
    with browser(port) as page:
        for _ in range(61):
            page.connection.send('{"op":"ping"}')
        assert page.closed_with() == 4429


def test_signing_out_closes_the_sockets_of_that_session_only(port: int) -> None:
    user = person()
    here, there = signed_in(user), signed_in(user)
    with browser(port, here) as left, browser(port, there) as stays:
        left.ask("ping")
        stays.ask("ping")
        here.logout()
        assert left.closed_with() == 4401
        assert stays.ask("ping")["op"] == "pong"
        close_sockets_of(user.pk)
        assert stays.closed_with() == 4401


def test_heartbeats_come_without_asking(port: int) -> None:
    with browser(port) as page:
        first, second = page.news("system"), page.news("system")
        assert (first["type"], first["data"]) == ("heartbeat", {"live": True})
        assert second["seq"] == first["seq"] + 1


def test_a_flushed_redis_does_not_end_sockets(port: int, redis_server: redis.Redis) -> None:
    with browser(port) as page:
        page.ask("subscribe", "shouts")
        publish("shouts", "said", {"n": 1})
        before = page.news("shouts")
        redis_server.flushall()
        publish("shouts", "said", {"n": 2})
        after = page.news("shouts")
        assert after["data"] == {"n": 2}
        assert after["epoch"] > before["epoch"]
