"""What Django REST framework raises becomes problem+json too."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.urls("tests.api.urls")


@pytest.fixture
def caller() -> Client:
    return Client(raise_request_exception=False)


def test_wrong_fields_are_named_by_json_pointers(caller: Client) -> None:
    body = {"legs": [{"price": "1"}, {"price": "NaN"}]}
    answer = caller.post("/api/v1/orders", body, content_type="application/json")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "validation_failed")
    assert answer["Content-Type"] == "application/problem+json"
    found = {(each["pointer"], each["code"]) for each in problem["errors"]}
    assert found == {("/symbol", "required"), ("/legs/1/price", "invalid")}


def test_decimals_leave_as_strings(caller: Client) -> None:
    body = {"symbol": "BTCUSDT", "legs": [{"price": "60000.10"}]}
    answer = caller.post("/api/v1/orders", body, content_type="application/json")
    assert answer.json()["legs"] == [{"price": "60000.100000000000000000"}]


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        ("{", "application/json", 400, "bad_request"),
        ("<a/>", "application/xml", 415, "unsupported_media_type"),
    ],
)
def test_unreadable_bodies_are_refused(
    caller: Client, body: str, kind: str, status: int, code: str
) -> None:
    answer = caller.post("/api/v1/orders", body, content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_wrong_method_is_refused_with_the_right_ones(caller: Client) -> None:
    answer = caller.delete("/api/v1/orders")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer["Allow"]


@pytest.mark.django_db
def test_a_stranger_is_asked_to_sign_in(caller: Client) -> None:
    answer = caller.get("/api/v1/private")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_throttled_caller_is_told_when_to_come_back(caller: Client) -> None:
    caller.get("/api/v1/throttled")
    answer = caller.get("/api/v1/throttled")
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(answer["Retry-After"]) <= 86_400


def test_a_bug_tells_nothing_but_its_request_id(caller: Client) -> None:
    answer = caller.get("/api/v1/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "inner state" not in answer.content.decode()
