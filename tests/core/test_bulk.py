"""Array literals and ids in bulk hold what they were given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mimic.core.bulk import array_of, columns_of, copy_rows
from mimic.core.ids import uuid7, uuid7s

WITHOUT_NUL = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


def _read_back(kind: str, values: list[object]) -> list[object]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM unnest(%s::{kind}[])", [array_of(values)])
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.none() | WITHOUT_NUL, min_size=1))
def test_any_text_comes_back_as_it_was(values: list[object]) -> None:
    assert _read_back("text", values) == values


@pytest.mark.django_db
def test_numbers_times_and_ids_come_back_as_they_were() -> None:
    moment = datetime(2026, 11, 20, 1, 2, 3, 456789, tzinfo=UTC)
    assert _read_back("bigint", [1, None, -(2**62)]) == [1, None, -(2**62)]
    assert _read_back("numeric", [Decimal("1E-18"), Decimal("-0.10")]) == [
        Decimal("1E-18"),
        Decimal("-0.10"),
    ]
    assert _read_back("timestamptz", [moment, None]) == [moment, None]
    assert _read_back("uuid", [UUID(int=7)]) == [UUID(int=7)]


@pytest.mark.django_db
def test_a_nul_that_no_text_column_can_hold_is_left_out() -> None:
    assert _read_back("text", ["a\x00b"]) == ["ab"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("fault", "digits"), [(IntegrityError, ["1", "1"]), (DataError, ["9" * 40])]
)
def test_what_a_copy_meets_is_raised_as_by_any_other_statement(
    fault: type[Exception], digits: list[str]
) -> None:
    """Whoever tries again after a database's fault knows Django's classes alone."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE numbered (number bigint PRIMARY KEY)")
    with pytest.raises(fault), transaction.atomic():
        copy_rows("numbered", ["number"], [[each] for each in digits])


def test_no_rows_are_empty_columns() -> None:
    assert columns_of([], 3) == ["{}", "{}", "{}"]


def test_public_ids_are_uuids_of_version_7_made_now_and_never_the_same() -> None:
    made = [UUID(text) for text in uuid7s(5_000)] + [uuid7()]
    assert len(set(made)) == 5_001
    assert {each.version for each in made} == {7}
    assert {each.variant for each in made} == {"specified in RFC 4122"}
    at = datetime.fromtimestamp((made[0].int >> 80) / 1000, UTC)
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=1)
