"""Fixtures every test can use: a cloned database, an empty Redis, a Valkey to break."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
import redis
from django.core.management import call_command
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.test import TransactionTestCase, override_settings
from pytest_django import DjangoDbBlocker

import mimic.celery  # noqa: F401  (jobs go to the tests' own broker)
from mimic.core.limits import forget_own_counts
from mimic.core.redis_clients import LEFT_ALONE_SECONDS
from mimic.ops.embedded.valkey import Valkey
from signals.instruments import forget_symbols
from tests import plugin
from tests.cells import cell  # noqa: F401  (a fixture)
from tests.clean_slate import keep_the_start, start_again
from tests.security.checks import checks_of
from tests.template import ScratchDatabase


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test of the security checklist says in its report which checks it proves."""
    for item in items:
        for number in checks_of(item.nodeid):
            item.add_marker(pytest.mark.security(number))
        proved = {number for mark in item.iter_markers("security") for number in mark.args}
        if proved:
            item.user_properties.append(("security", ",".join(map(str, sorted(proved)))))


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_blocker: DjangoDbBlocker, django_db_keepdb: bool
) -> Iterator[None]:
    """In place of pytest-django's: clones a template instead of migrating for every worker.

    DATABASE_URL names the clone already (tests/plugin.py), so that processes which a test starts
    see the same database.
    """
    database = ScratchDatabase(os.environ["DATABASE_URL"])
    with django_db_blocker.unblock():
        if database.prepare(_migrate, reuse=django_db_keepdb):
            start_again(None)
    with pytest.MonkeyPatch.context() as django:
        django.setattr(TransactionTestCase, "_fixture_teardown", start_again)
        yield
    with django_db_blocker.unblock():
        disconnect()
    if not django_db_keepdb:
        database.drop()


@pytest.fixture(scope="session", autouse=True)
def _cheap_settings(django_test_environment: None) -> Iterator[None]:
    """Static files are found when they are asked for: each test client would list them all."""
    with override_settings(
        PASSWORD_HASHERS=["tests.hashing.CheapArgon2"], WHITENOISE_AUTOREFRESH=True
    ):
        yield


@pytest.fixture(scope="session")
def redis_server() -> Iterator[redis.Redis]:
    """A client of this worker's Redis."""
    with redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=None) as client:
        yield client


@pytest.fixture(autouse=True)
def _empty_redis(redis_server: redis.Redis) -> None:
    """No rate limit, cached value or queued job reaches the next test."""
    redis_server.flushdb()
    forget_own_counts()


@pytest.fixture(autouse=True)
def _new_symbols() -> None:
    """No test finds a market that another one made."""
    forget_symbols()


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """This worker's own server, to be stopped and started by a test; running again afterwards."""
    server = plugin.own_valkey()
    if server is None:
        pytest.skip("the Redis in REDIS_URL is not ours to stop")
    yield server
    if server.process is None or server.process.poll() is not None:
        server.start()
        time.sleep(LEFT_ALONE_SECONDS)  # who found it away does not ask again before


def _migrate() -> None:
    call_command("migrate", interactive=False, verbosity=0)
    keep_the_start()
    disconnect()


def disconnect() -> None:
    """The pool's idle connections too: a database in use can be neither cloned nor dropped."""
    default = connections["default"]
    assert isinstance(default, DatabaseWrapper)
    default.close()
    default.close_pool()
