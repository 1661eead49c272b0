"""Servers, secrets and one database and Redis per worker, before Django reads its settings.

Loaded by ``-p tests.plugin``. Without DATABASE_URL and REDIS_URL the controller starts a volatile
PostgreSQL in ``var/embedded-tests``; every worker starts a Valkey of its own, because a FLUSHALL,
a stopped server or a published message crosses Redis database numbers.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mimic.ops.embedded import HOME, Embedded
from mimic.ops.embedded.valkey import Valkey

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
_BASE_DATABASE = "MIMIC_TEST_DATABASE_URL"
_FOLDER = "MIMIC_TEST_FOLDER"
_SERVERS: list[Embedded | Valkey] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    """Ahead of pytest-django, which loads the settings in this very hook."""
    asked = early_config.known_args_namespace
    if not (asked.help or asked.version):
        _start_servers()
        _choose_database()
        _make_secrets()
    return (yield)


def pytest_unconfigure() -> None:
    while _SERVERS:
        _SERVERS.pop().stop()


def own_valkey() -> Valkey | None:
    """The Valkey this process started; None when REDIS_URL came from outside."""
    for server in reversed(_SERVERS):
        return server.valkey if isinstance(server, Embedded) else server
    return None


def _start_servers() -> None:
    missing = [name for name in ("DATABASE_URL", "REDIS_URL") if name not in os.environ]
    if missing:
        pair = Embedded.first_free(HOME.with_name("embedded-tests"), durable=False)
        _SERVERS.append(pair)
        os.environ.update({name: pair.environment[name] for name in missing})
        if "REDIS_URL" in missing:
            os.environ[_FOLDER] = str(pair.home)
    elif WORKER != "main" and _FOLDER in os.environ:
        valkey = Valkey(Path(os.environ[_FOLDER]), durable=False, name=f"valkey-{WORKER}")
        valkey.start()
        _SERVERS.append(valkey)
        os.environ["REDIS_URL"] = valkey.url
    elif WORKER != "main":
        number = int(WORKER.removeprefix("gw")) + 1
        os.environ["REDIS_URL"] = (
            urlsplit(os.environ["REDIS_URL"])._replace(path=f"/{number}").geturl()
        )


def _choose_database() -> None:
    """Tests never touch the database they were given: they make their own beside it."""
    base = urlsplit(os.environ.setdefault(_BASE_DATABASE, os.environ["DATABASE_URL"]))
    name = f"/test_{base.path.strip('/')}_{WORKER}"
    os.environ["DATABASE_URL"] = base._replace(path=name).geturl()


def _make_secrets() -> None:
    """Random for each run; workers inherit the controller's."""
    from trading.execution.signer import signer_public_key

    master = secrets.token_bytes(32)
    if "MASTER_KEYS" not in os.environ:
        os.environ["MASTER_KEYS"] = base64.b64encode(master).decode()
        os.environ["SIGNER_PUBLIC_KEY"] = base64.b64encode(signer_public_key(master)).decode()
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(48))
    os.environ.setdefault("APP_ENV", "development")
