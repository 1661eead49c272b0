"""The door in front of Django answers what is in order just as the view does, and nothing else."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any, NamedTuple

import psycopg
import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from mimic.core.together import Together
from mimic.core.tokens import digest_of
from mimic.jobs.nudges import Nudge, Publisher
from mimic.ops.embedded.valkey import Valkey
from signals.ingest.redaction import Redactor
from signals.ingest.tradingview.receive import Alert, offer_of
from signals.ingest.tradingview.wsgi import open_door
from signals.models import InboxMessage, Signal, Strategy, StrayMessage
from signals.services.accept import accept_offers
from tests.cast import Published, a_market, a_strategy
from tests.execution.paper import now
from trading.models import SignalFanout

pytestmark = pytest.mark.django_db(transaction=True)
LONG = {"symbol": "BTCUSDT", "action": "long"}


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]
    headers: dict[str, str]


class Door:
    """The ingest process's application; ``passed`` counts what went on to Django."""

    def __init__(self) -> None:
        self.passed = 0
        django = WSGIHandler()

        def counting(environ: dict[str, Any], start_response: Any) -> Any:
            self.passed += 1
            return django(environ, start_response)

        self.application = open_door(counting)

    def post(self, path: str, body: object, **environ: str) -> Answer:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        told: dict[str, Any] = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "REMOTE_ADDR": "192.0.2.7",
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(raw)),
            "wsgi.input": BytesIO(raw),
            "wsgi.url_scheme": "http",
            **environ,
        }
        started: list[tuple[str, list[tuple[str, str]]]] = []
        answer = self.application(
            told, lambda status, headers, *_: started.append((status, headers))
        )
        content = b"".join(answer)
        status, headers = started[0]
        return Answer(int(status[:3]), json.loads(content), dict(headers))


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def published() -> Published:
    a_market()
    return a_strategy()


def test_an_alert_in_order_is_answered_in_front_of_django_with_all_its_rows(
    door: Door, published: Published
) -> None:
    answer = door.post(f"/webhook/{published.token}", {**LONG, "leverage": 7})
    assert (answer.status, door.passed) == (202, 0)
    signal, message = Signal.objects.get(), InboxMessage.objects.get()
    assert answer.body == {
        "status": "accepted",
        "message_id": str(message.public_id),
        "signal_id": str(signal.public_id),
    }
    assert (signal.leverage, signal.status, signal.inbox_message_id) == (7, "published", message.pk)
    assert (message.verdict, message.remote_address) == ("accepted", "192.0.2.7")
    assert SignalFanout.objects.get().signal_id == signal.pk


def test_the_same_alert_again_is_djangos_to_answer_with_the_first_result(
    door: Door, published: Published
) -> None:
    first = door.post(f"/webhook/{published.token}", LONG)
    again = door.post(f"/webhook/{published.token}", LONG)
    assert (again.status, door.passed) == (200, 1)
    assert again.body == {**first.body, "status": "duplicate"}
    assert Signal.objects.count() == 1
    assert InboxMessage.objects.get().duplicates == 1


def test_the_same_alert_many_times_at_once_is_one_signal(door: Door, published: Published) -> None:
    def send(_: int) -> Answer:
        try:
            return door.post(f"/webhook/{published.token}", LONG)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(send, range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 7 + [202]
    assert len({answer.body["signal_id"] for answer in answers}) == 1
    assert Signal.objects.count() == SignalFanout.objects.count() == 1


NOT_IN_ORDER: list[tuple[str, Any, dict[str, str], int, str]] = [
    ("a strange token", LONG, {"PATH_INFO": "/webhook/nobody"}, 401, "door.refused"),
    ("an unknown symbol", {**LONG, "symbol": "XYZUSDT"}, {}, 422, "alert.symbol"),
    ("no action", {"symbol": "BTCUSDT"}, {}, 422, "alert.field"),
    ("not JSON", b"{", {}, 422, "alert"),
    ("no length", LONG, {"CONTENT_LENGTH": ""}, 422, "alert"),
    ("a length that lies", LONG, {"CONTENT_LENGTH": "-5"}, 422, "alert"),
    ("too long", b"x" * 40_000, {}, 413, "alert"),
]


@pytest.mark.parametrize(
    ("body", "environ", "status"),
    [row[1:4] for row in NOT_IN_ORDER],
    ids=[row[0] for row in NOT_IN_ORDER],
)
def test_whatever_is_not_in_order_is_djangos_and_makes_no_signal(
    door: Door, published: Published, body: Any, environ: dict[str, str], status: int
) -> None:
    answer = door.post(f"/webhook/{published.token}", body, **environ)
    assert (answer.status // 100, door.passed) == (4, 1)
    assert answer.body["code"]
    assert not Signal.objects.exists()
    assert InboxMessage.objects.exists() or StrayMessage.objects.exists()


@pytest.mark.parametrize("status", ["paused", "closed"])
def test_a_strategy_that_takes_no_alerts_gets_djangos_refusal(
    door: Door, published: Published, status: str
) -> None:
    Strategy.objects.update(status=status)
    assert door.post(f"/webhook/{published.token}", LONG).status == 409
    assert not Signal.objects.exists()


def test_a_passphrase_is_asked_for_where_the_strategy_has_one(
    door: Door, published: Published
) -> None:
    Strategy.objects.update(passphrase_digest=digest_of("open sesame"))
    path = f"/webhook/{published.token}"
    assert door.post(path, LONG).status == 401
    assert door.post(path, {**LONG, "passphrase": "open says me"}).status == 401
    assert not Signal.objects.exists()
    assert door.post(path, {**LONG, "passphrase": "open sesame"}).status == 202
    assert "sesame" not in InboxMessage.objects.get().body


def test_a_corrected_alert_takes_the_key_of_the_refused_one(
    door: Door, published: Published
) -> None:
    path, timed = f"/webhook/{published.token}", {"timenow": "2026-11-20T10:00:00Z"}
    assert (
        door.post(path, {"symbol": "BTCUSDT", "action": "long", "leverage": "x", **timed}).status
        == 422
    )
    assert door.post(path, {**LONG, **timed}).status == 202


def test_one_bad_offer_spoils_nothing_for_the_others_of_its_batch(published: Published) -> None:
    bodies = [json.dumps({**LONG, "comment": str(number)}).encode() for number in range(3)]
    offers = [
        offer_of(Alert(published.token, body, "application/json", "192.0.2.1", now()))
        for body in (*bodies, bodies[0])
    ]
    stranger = offer_of(Alert("nobody", bodies[0], "application/json", None, now()))
    accepted = accept_offers([each for each in (*offers, stranger) if each is not None])
    assert [each is not None for each in accepted] in (
        [True, True, True, False, False],
        [False, True, True, True, False],
    )
    assert Signal.objects.count() == 3


def test_a_connection_that_died_meanwhile_costs_nobody_an_alert(
    door: Door, published: Published
) -> None:
    door.post(f"/webhook/{published.token}", {**LONG, "comment": "opens the connection"})
    parameters = connection.get_connection_params()
    plain = {n: parameters[n] for n in ("dbname", "user", "host", "port") if n in parameters}
    with psycopg.connect(**plain, autocommit=True) as killer:
        killer.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = "
            "current_database() AND pid <> pg_backend_pid() AND query LIKE 'WITH said AS%'"
        )
    answer = door.post(f"/webhook/{published.token}", {**LONG, "comment": "after"})
    assert (answer.status, door.passed) == (202, 0)
    assert Signal.objects.count() == 2


def test_without_a_broker_the_answer_comes_at_once_and_the_row_waits(
    door: Door, published: Published, valkey: Valkey
) -> None:
    valkey.stop()
    assert door.post(f"/webhook/{published.token}", LONG).status == 202
    assert SignalFanout.objects.get().done_at is None


def test_the_request_id_is_echoed_and_the_log_line_holds_no_token(
    door: Door, published: Published, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "mimic.access"):
        answer = door.post(f"/webhook/{published.token}", LONG, HTTP_X_REQUEST_ID="alert-0815-xyz")
    assert answer.headers["X-Request-Id"] == "alert-0815-xyz"
    (line,) = [record for record in caplog.records if record.name == "mimic.access"]
    assert (line.__dict__["path"], line.__dict__["status"]) == ("/webhook/***", 202)
    assert published.token not in str(line.__dict__)


texts = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40)


@given(
    value=st.dictionaries(
        st.sampled_from(["symbol", "x", "pass", "note"]) | texts, texts, max_size=4
    )
)
def test_a_message_known_to_be_harmless_is_kept_just_as_the_careful_way_keeps_it(
    value: dict[str, str],
) -> None:
    text = json.dumps(value)
    assert Redactor([], within=text).json(value, text) == Redactor([]).json(value, text)


# Going together


def test_what_the_work_raises_reaches_everybody_and_the_next_go_works() -> None:
    seen: list[int] = []

    def work(items: Any) -> list[int]:
        if -1 in items:
            raise LookupError("bad one")
        seen.extend(items)
        return [item * 2 for item in items]

    together: Together[int, int] = Together(work, name="test", most=4)
    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(together.do, range(20))) == [n * 2 for n in range(20)]
    with pytest.raises(RuntimeError, match="test failed"):
        together.do(-1)
    assert together.do(7) == 14
    assert sorted(seen) == sorted([*range(20), 7])


@pytest.fixture
def sent() -> Iterator[tuple[Publisher, list[Nudge], Callable[[], None]]]:
    gone: list[Nudge] = []
    publisher = Publisher(gone.append)
    yield publisher, gone, lambda: None
    publisher.close()


def test_equal_nudges_leave_once_and_ids_leave_together(sent: Any) -> None:
    publisher, gone, _ = sent
    publisher.ask(Nudge("warm", "q", {}))
    assert publisher.flush(2)
    for number in (1, 2, 2, 3):
        publisher.ask(Nudge("fan_out", "q", {}, "ids", {number: None}))
        publisher.ask(Nudge("send", "q", {"route": "paper"}))
    assert publisher.flush(2)
    ids = [number for nudge in gone if nudge.job == "fan_out" for number in nudge.ids]
    assert sorted(set(ids)) == [1, 2, 3]
    assert len([nudge for nudge in gone if nudge.job == "send"]) < 4


def test_many_ids_are_several_messages() -> None:
    nudge = Nudge("fan_out", "q", {}, "ids", dict.fromkeys(range(60)))
    assert [len(message["ids"]) for message in nudge.messages()] == [25, 25, 10]  # type: ignore[arg-type]


def test_a_nudge_that_cannot_be_sent_is_lost_and_the_next_one_leaves() -> None:
    gone: list[str] = []

    def send(nudge: Nudge) -> None:
        if nudge.job == "bad":
            raise ConnectionError
        gone.append(nudge.job)

    publisher = Publisher(send)
    publisher.ask(Nudge("bad", "q", {}))
    publisher.flush(2)
    publisher.ask(Nudge("good", "q", {}))
    assert publisher.flush(2)
    publisher.close()
    assert gone == ["good"]
