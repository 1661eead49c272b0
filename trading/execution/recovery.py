"""After a failover or a restore: nothing is opened before the venues were asked what they hold.

The database may lack what happened last: orders that left, answers, fills. It is told from the one
before by its cluster, its line of history (a promoted standby and a restore to a point in time
begin a new one), and its own number and its tables' (a restored dump has others).

What stands there as planned may have been sent: it is asked about, by the client id that it would
have, before anything of it is sent. Orders whose rows are lost show in what the account holds:
until that agrees with the books, or was taken for its owner's own, the account opens nothing.
Closes go on. Source: ../shared/design/architecture.md, "After a failover or restore".
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any, NamedTuple
from weakref import WeakSet

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from mimic.audit.actions import declare
from mimic.audit.services import record
from trading.execution.transitions import doubt_planned
from trading.models import Recovery

logger = logging.getLogger(__name__)
LOCK = 0x6D696D6964  # one process begins a recovery; the sentinel's own lock is one less
BEGUN = declare(
    "trading.recovery.begin", _("Recovery after a failover or restore begun"),
    facts=["database", "doubted"],
)  # fmt: skip

_INCARNATION = """
SELECT c.system_identifier || '/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8)
    || '/' || d.oid || '/' || 'trading_order'::regclass::oid
  FROM pg_control_system() c, pg_database d WHERE d.datname = current_database()
"""
# Accounts that may open nothing yet; paper accounts have no venue that could know more.
BLOCKED = """a.kind <> 'paper' AND y.begun_at IS NOT NULL AND a.created_at < y.begun_at
    AND NOT EXISTS (SELECT FROM trading_reconciliation g
        WHERE g.account_id = a.id AND g.agreed_at > y.begun_at)"""
NEWEST = "SELECT max(begun_at) AS begun_at FROM trading_recovery"
_WAITING = f"""
SELECT count(*) FILTER (WHERE {BLOCKED}), max(y.begun_at)
  FROM ({NEWEST}) y, trading_exchangeaccount a
 WHERE a.state = 'active' AND EXISTS (SELECT FROM trading_copysubscription s
    WHERE s.account_id = a.id AND s.status <> 'stopped')
"""  # noqa: S608  # nosec B608  # constants alone

_known: WeakSet[Any] = WeakSet()
"""Connections on which the database was looked at: another one comes with another connection."""


def recognise(now: datetime) -> bool:
    """Command: whether a recovery began just now, for this is not the database that it was.

    Costs a query once a connection. To be called before orders are sent, outside transactions.
    """
    connection.ensure_connection()
    if connection.connection in _known:
        return False
    begun = _recognised(now)
    _known.add(connection.connection)
    return begun


def sweep_recovery(now: datetime) -> int:
    """Sweeper: looks each time, for what stands between may keep connections across a failover."""
    return int(_recognised(now))


@transaction.atomic(durable=True)
def begin(*, now: datetime) -> int:
    """Command: an operator knows of a gap that the database does not show; returns how many orders
    are asked about.
    """
    _lock()
    return _begin(_incarnation(), now, asked=True)


class Waiting(NamedTuple):
    """Accounts that are copied on and were not compared since ``begun_at``."""

    accounts: int
    begun_at: datetime | None


def waiting() -> Waiting:
    """For the console."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return Waiting(*cursor.fetchone())


@transaction.atomic(durable=True)
def _recognised(now: datetime) -> bool:
    incarnation = _incarnation()
    if _newest() == incarnation:
        return False
    _lock()
    known = _newest()
    if known == incarnation:
        return False
    if known is None:
        Recovery.objects.create(incarnation=incarnation, seen_at=now)
        return False
    _begin(incarnation, now, asked=False)
    return True


def _begin(incarnation: str, now: datetime, *, asked: bool) -> int:
    row = Recovery.objects.create(incarnation=incarnation, begun_at=now, seen_at=now, asked=asked)
    doubted = doubt_planned(now)
    record(BEGUN, target=row, facts={"database": incarnation, "doubted": doubted})
    logger.error("recovery begun", extra={"database": incarnation, "doubted": doubted})
    return doubted


def _newest() -> str | None:
    return Recovery.objects.values_list("incarnation", flat=True).first()


def _incarnation() -> str:
    with connection.cursor() as cursor:
        cursor.execute(_INCARNATION)
        (found,) = cursor.fetchone()
    return str(found)


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
