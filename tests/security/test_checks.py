"""The table of checks is whole, and what it names is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.security.checks import CHECKS, checks_of

ROOT = Path(__file__).resolve().parents[2]


def test_every_check_stands_in_the_table_once() -> None:
    assert [check.number for check in CHECKS] == list(range(1, 36))


@pytest.mark.parametrize("name", sorted({name for check in CHECKS for name in check.tests}))
def test_what_a_check_names_is_there(name: str) -> None:
    file, _colons, test = name.partition("::")
    path = ROOT / file
    assert path.exists()
    assert not test or f"def {test}(" in path.read_text()


def test_a_test_knows_the_checks_that_name_it() -> None:
    assert 27 in checks_of("tests/audit/test_chain.py::test_x[1-2]")
    assert checks_of("tests/audit_of_another_kind.py::test_x") == []
