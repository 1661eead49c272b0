"""Request ids and the one access line of each request."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from tests.core.conftest import Lines

pytestmark = pytest.mark.urls("tests.core.urls")
TOKEN = "wh_5f3a9c0d1e2b"


def test_a_request_without_an_id_gets_a_uuid4() -> None:
    assert UUID(Client().get("/webhook/x")["X-Request-Id"]).version == 4


def test_a_well_formed_id_is_kept_and_echoed(log_lines: Lines) -> None:
    answer = Client().get("/webhook/x", headers={"X-Request-Id": "trace-0001.a"})
    assert answer["X-Request-Id"] == "trace-0001.a"
    assert {line["request_id"] for line in log_lines()} == {"trace-0001.a"}


@pytest.mark.parametrize("offered", ["short", "x" * 129, "line\nbreak-line", "<script>alert"])
def test_a_malformed_id_is_replaced(offered: str) -> None:
    assert Client().get("/webhook/x", headers={"X-Request-Id": offered})["X-Request-Id"] != offered


def test_there_is_one_access_line_with_everything_needed(log_lines: Lines) -> None:
    Client().get("/webhook/x")
    (line,) = [line for line in log_lines() if line["logger"] == "mimic.access"]
    assert (line["method"], line["status"], line["level"]) == ("GET", 200, "info")
    assert line["client_ip"] == "127.0.0.1"
    assert line["user_id"] is None
    assert line["duration_ms"] >= 0
    assert line["time"].endswith("Z")


@pytest.mark.parametrize("address", [f"/webhook/{TOKEN}", f"/webhook/{TOKEN}/and/more"])
def test_a_webhook_token_is_in_no_log_line_and_no_problem(log_lines: Lines, address: str) -> None:
    answer = Client().get(address)
    lines = log_lines()
    assert TOKEN not in str(lines)
    assert TOKEN not in answer.content.decode()
    (access,) = [line for line in lines if line["logger"] == "mimic.access"]
    assert access["path"].startswith("/webhook/***")


def test_secret_query_values_are_hidden(log_lines: Lines) -> None:
    Client().get("/webhook/x?api_key=hushhush&page=2")
    (access,) = [line for line in log_lines() if line["logger"] == "mimic.access"]
    assert access["path"] == "/webhook/***?api_key=***&page=2"


def test_a_bug_is_logged_with_a_plain_traceback_and_without_locals(log_lines: Lines) -> None:
    Client(raise_request_exception=False).get("/api/fail/bug")
    (error,) = [line for line in log_lines() if "exception" in line]
    assert error["exception"].splitlines()[-1] == "RuntimeError: the secret inner state"
    assert "fault =" not in error["exception"]


def test_a_forged_forwarded_for_is_ignored(log_lines: Lines) -> None:
    Client().get("/webhook/x", headers={"X-Forwarded-For": "8.8.8.8"})
    assert log_lines()[-1]["client_ip"] == "127.0.0.1"
