"""A month arrives before it is needed and leaves when its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import connection

from mimic.core.partitions import drop_expired_partitions, ensure_partitions

pytestmark = pytest.mark.django_db(transaction=True)
LONG_AGO = datetime(2026, 2, 10, tzinfo=UTC)
LATER = datetime(2026, 9, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_month_stays() -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE '%\\_2026\\_02'")
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP TABLE "{name}"')


def test_months_are_made_once_and_dropped_when_their_retention_is_over() -> None:
    made = ensure_partitions(now=LONG_AGO, months=1)
    assert "signals_inboxmessage_2026_02" in made
    assert ensure_partitions(now=LONG_AGO, months=1) == []
    dropped = drop_expired_partitions(now=LATER)
    assert "signals_inboxmessage_2026_02" in dropped  # 90 days
    assert "trading_fill_2026_02" not in dropped  # seven years
    assert drop_expired_partitions(now=LATER) == []


def test_a_month_that_is_being_read_stays_for_the_next_time() -> None:
    ensure_partitions(now=LONG_AGO, months=1)
    parameters = connection.get_connection_params()
    plain = {n: parameters[n] for n in ("dbname", "user", "host", "port") if n in parameters}
    with psycopg.connect(**plain) as reader:
        reader.execute("SELECT count(*) FROM signals_inboxmessage_2026_02")
        assert "signals_inboxmessage_2026_02" not in drop_expired_partitions(now=LATER)
    assert "signals_inboxmessage_2026_02" in drop_expired_partitions(now=LATER)
