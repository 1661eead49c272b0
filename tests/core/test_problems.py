"""Errors as problem+json (RFC 9457) for programs and as pages for people."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.test import Client

from mimic.core.errors import MimicError, all_error_kinds

pytestmark = pytest.mark.urls("tests.core.urls")
PROBLEM = "application/problem+json"


@pytest.fixture
def caller() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("bad", 400, "bad_request"),
        ("denied", 403, "forbidden"),
        ("gone", 404, "not_found"),
        ("conflict", 409, "conflict"),
        ("media", 415, "unsupported_media_type"),
        ("flood", 429, "too_many_requests"),
        ("bug", 500, "internal_error"),
    ],
)
def test_each_kind_of_failure_is_a_problem_document(
    caller: Client, fault: str, status: int, code: str
) -> None:
    answer = caller.get(f"/api/fail/{fault}")
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"].endswith(f"/problems/#{code}")
    assert problem["instance"] == f"/api/fail/{fault}"
    assert problem["request_id"] == answer["X-Request-Id"]
    assert problem["title"]
    assert "inner state" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()


def test_field_errors_have_pointers_and_codes(caller: Client) -> None:
    problem = caller.get("/api/fail/conflict").json()
    assert problem["errors"] == [{"pointer": "/id", "code": "taken", "detail": "taken"}]
    assert problem["detail"] == "Already done."


def test_too_many_requests_says_when_to_come_back(caller: Client) -> None:
    assert caller.get("/api/fail/flood")["Retry-After"] == "7"


def test_an_unknown_address_of_the_api_is_a_problem(caller: Client) -> None:
    answer = caller.get("/api/nowhere")
    assert (answer.status_code, answer["Content-Type"]) == (404, PROBLEM)


def test_a_wrong_method_is_a_problem_that_names_the_right_ones(caller: Client) -> None:
    answer = caller.get("/api/post")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert answer.json()["code"] == "method_not_allowed"


def test_a_missing_csrf_token_is_a_problem_of_its_own() -> None:
    answer = Client(enforce_csrf_checks=True).post("/api/post")
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/fail/gone", 404),
        ("/nowhere", 404),
        ("/fail/bug", 500),
        ("/post", 405),
        ("/fail/flood", 429),
    ],
)
def test_people_get_a_page_with_the_request_id_to_quote(
    caller: Client, address: str, status: int
) -> None:
    answer = caller.get(address)
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("text/html")
    assert UUID(answer["X-Request-Id"]).version == 4
    assert "Traceback" not in answer.content.decode()


def test_two_errors_cannot_share_a_code() -> None:
    with pytest.raises(TypeError, match="not_found"):

        class Second(MimicError):
            code = "not_found"

    assert [kind.code for kind in all_error_kinds()].count("not_found") == 1


@pytest.mark.parametrize("fault", ["bad", "denied", "gone", "conflict", "media", "flood", "bug"])
def test_every_page_of_an_error_says_what_reached_the_exchange_and_has_a_number_to_copy(
    caller: Client, fault: str
) -> None:
    answer = caller.get(f"/fail/{fault}")
    assert "Nothing was sent to an exchange by this request." in answer.text
    assert f'data-copies="{answer["X-Request-Id"]}"' in answer.text


def test_a_deed_that_broke_may_have_reached_the_exchange(caller: Client) -> None:
    page = caller.post("/fail/bug").text
    assert "it may have reached the exchange" in page
    assert "Nothing was sent" not in page
    assert "Nothing was sent" in caller.post("/fail/conflict").text


def test_the_page_of_a_flood_says_how_long_to_wait(caller: Client) -> None:
    assert "Please wait 7 s and try again." in caller.get("/fail/flood").text
