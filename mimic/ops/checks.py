"""The platform's own readiness checks."""

from __future__ import annotations

from datetime import datetime

from celery import current_app
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from mimic.core.redis_clients import asking
from mimic.ops.health import CheckFailed, register_check
from mimic.ops.heartbeat import missing_heartbeats

_migrated: list[bool] = []
"""Filled once all migrations are seen applied; a running process cannot lose one."""


def _database(now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _migrations(now: datetime) -> None:
    if _migrated:
        return
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise CheckFailed(f"{len(waiting)} migrations are not applied")
    _migrated.append(True)


def _redis(now: datetime) -> None:
    asking().ping()


def _broker(now: datetime) -> None:
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=0, timeout=1, reraise_as_library_errors=True)


def _heartbeats(now: datetime) -> None:
    missing = missing_heartbeats(now=now)
    if missing:
        raise CheckFailed("silent: " + ", ".join(missing))


def register() -> None:
    register_check("database", _database)
    register_check("migrations", _migrations)
    register_check("redis", _redis)
    register_check("broker", _broker)
    register_check("heartbeats", _heartbeats)
