"""Every operation of the document for programs: by token, by key, with and without the scope."""

from __future__ import annotations

import pytest

from mimic.api.scopes import SCOPES, V1, Scope, scope_of
from tests.api.cast import World, a_key, a_token
from tests.api.programs import with_key, with_token
from tests.api.test_access import OPERATIONS, ask, fine, of_a_stranger
from tests.cells import Cell
from tests.web.accounts_cast import Trader

pytestmark = pytest.mark.django_db
FOR_KEYS = [each for each in OPERATIONS if scope_of(*each)]
FOR_PEOPLE = [each for each in OPERATIONS if not scope_of(*each)]


def test_the_table_says_of_every_operation_what_a_key_may_do_and_of_no_other() -> None:
    declared = {name.replace(" ", f" {V1}", 1) for name in SCOPES}
    assert declared == {f"{method} {path}" for method, path in OPERATIONS}


def test_every_scope_opens_something() -> None:
    assert set(SCOPES.values()) - {None} == set(Scope)


def test_a_key_needs_the_scope_and_then_sees_its_own_persons_things_alone(
    world: World, cell: Cell
) -> None:
    stranger = Trader().user
    strangers = (with_key(a_key(stranger, *Scope).secret), with_token(a_token(stranger)))
    token = with_token(a_token(world.owner.user))
    for method, path in FOR_KEYS:
        with cell(f"{method} {path}"):
            scope = scope_of(method, path)
            assert scope is not None
            others = a_key(world.owner.user, *(set(Scope) - {scope}))
            refused = ask(with_key(others.secret), world, method, path)
            assert (refused.status_code, refused.json()["code"]) == (403, "api_key.scope")
            assert refused.json()["detail"] == f"It lacks the scope {scope}."
            for program in strangers:
                foreign = ask(program, world, method, path)
                assert foreign.status_code == of_a_stranger(method, path), foreign.text
            mine = ask(with_key(a_key(world.owner.user, scope).secret), world, method, path)
            assert mine.status_code == fine(method, path), mine.text
            if method == "GET":  # a change is made once in a world
                theirs = ask(token, world, method, path)
                assert theirs.status_code == 200, theirs.text


def test_what_is_for_people_a_token_does_and_no_key_whatever_its_scopes(
    world: World, cell: Cell
) -> None:
    key = with_key(a_key(world.owner.user, *Scope).secret)
    token = with_token(a_token(world.owner.user))
    somebody = Trader()
    stranger = with_token(a_token(somebody.user))
    for method, path in FOR_PEOPLE:
        with cell(f"{method} {path}"):
            code = world.owner.again().code()
            refused = ask(key, world, method, path, code)
            assert (refused.status_code, refused.json()["code"]) == (403, "api_key.people_only")
            foreign = ask(stranger, world, method, path, somebody.again().code())
            assert foreign.status_code == of_a_stranger(method, path), foreign.text
            mine = ask(token, world, method, path, code)
            assert mine.status_code == (403 if "/admin/" in path else fine(method, path)), mine.text
