"""The OpenAPI document: whole, valid, and the same list of routes as the one committed here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_spec_validator import validate

from mimic.api.scopes import scope_of
from mimic.api.views import document
from mimic.core.errors import all_error_kinds

ROUTES = Path(__file__).with_name("routes.txt")
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def schema() -> Any:
    document.cache_clear()
    return Client().get("/openapi.json").json()


def operations(schema: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def test_the_document_is_valid_openapi(schema: Any) -> None:
    validate(schema)


def test_nothing_was_guessed_when_the_document_was_made() -> None:
    with GENERATOR_STATS.silence():
        GENERATOR_STATS.reset()
        document.__wrapped__()
        assert GENERATOR_STATS._warn_cache == {}
        assert GENERATOR_STATS._error_cache == {}


def test_the_routes_are_those_that_were_reviewed(schema: Any) -> None:
    """After a change on purpose: write the new list into routes.txt and review its difference."""
    found = sorted(f"{method.upper()} {path}" for method, path, _ in operations(schema))
    assert found == ROUTES.read_text().splitlines()


def test_every_error_of_every_operation_is_a_documented_problem(schema: Any) -> None:
    codes = {kind.code for kind in all_error_kinds()}
    for method, path, operation in operations(schema):
        answers = operation["responses"]
        expected = {"406", "429", "500", "503"}
        expected |= {"413"} if method != "get" else set()
        if "/auth/" not in path:
            expected |= {"401", "403"}
        expected |= {"404"} if "{" in path else set()
        expected |= {"400", "415", "422"} if "requestBody" in operation else set()
        assert expected <= answers.keys(), (method, path)
        for status, answer in answers.items():
            if int(status) < 400:
                continue
            (kind,) = answer["content"]
            assert kind == "application/problem+json", (method, path, status)
            named = {code.strip("`") for code in answer["description"].split(", ")}
            assert named <= codes, (method, path, status)


def test_lists_name_their_paging_order_and_filters(schema: Any) -> None:
    parameters = {each["name"] for each in schema["paths"]["/api/v1/receipts"]["get"]["parameters"]}
    assert parameters == {
        "cursor", "page_size", "ordering", "outcome", "signal", "subscription",
    }  # fmt: skip


def test_every_operation_says_what_it_does(schema: Any) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(schema)]
    assert len(set(ids)) == len(ids)
    for method, path, operation in operations(schema):
        assert operation["summary"], (method, path)


@pytest.mark.parametrize("address", ["/openapi.json", "/api/schema/"])
def test_strangers_may_read_the_document(address: str) -> None:
    answer = Client().get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json()["openapi"].startswith("3.")


def test_each_operation_says_who_may_call_it_and_which_scope_a_key_needs(schema: Any) -> None:
    schemes = schema["components"]["securitySchemes"]
    assert {name: scheme["type"] for name, scheme in schemes.items()} == {
        "access_token": "http", "api_key": "apiKey", "session": "apiKey",
    }  # fmt: skip
    people: list[dict[str, list[str]]] = [{"access_token": []}, {"session": []}]
    for method, path, operation in operations(schema):
        scope = scope_of(method, path)
        told = operation.get("description", "")
        if "/auth/" in path:
            assert operation["security"] == [{}], (method, path)
        elif scope is None:
            assert operation["security"] == people, (method, path)
            assert "API keys need" not in told
        else:
            assert {"api_key": []} in operation["security"], (method, path)
            assert f"API keys need the scope `{scope}`." in told
