"""What a chaos run stands on: servers that it may break, and the processes' environment.

No Django in here: it runs before settings can be read.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import signal
from pathlib import Path
from types import TracebackType
from typing import Self

from mimic.ops.embedded.postgres import Postgres
from mimic.ops.embedded.spawning import kill_group
from mimic.ops.embedded.valkey import Valkey
from tests.simulators.binance import BinanceSimulator
from tests.simulators.binance.limits import Quotas

VENUE = "binanceusdm"
LEASE = 9  # seconds, in place of 30: what waits for a lease need not wait so long here
ADDRESSES = 10  # our one address stands for so many, at the venue and in our own budgets
_DOCUMENTED = Quotas()


class Servers:
    """PostgreSQL, Valkey and a venue, each of its own, so that each breaks alone.

    PostgreSQL commits as in production, only without waiting for the disk: it is killed here, the
    machine is not. Valkey keeps nothing over a restart.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.postgres = Postgres(home, durable=True, settings={"fsync": "off"})
        self.valkey = Valkey(home, durable=False)
        self.venue = BinanceSimulator(
            quotas=Quotas(
                _DOCUMENTED.weight_1m * ADDRESSES, _DOCUMENTED.orders_10s, _DOCUMENTED.orders_1m
            )
        )
        self._serving = self.venue.run_in_thread()

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self.home / "logs", ignore_errors=True)
        (self.home / "logs").mkdir()
        self.postgres.start()
        self.valkey.start()
        self._serving.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._serving.__exit__(None, None, None)
        self.valkey.stop()
        self.postgres.stop()

    def kill_postgres(self) -> None:
        """As a crash: no goodbye, no checkpoint; what was not committed is gone."""
        process = self.postgres.process
        assert process is not None
        process.send_signal(signal.SIGQUIT)  # immediate shutdown: its children end at once too
        process.wait(20)
        kill_group(process.pid)
        self.postgres.process = None

    def environment(self) -> dict[str, str]:
        """Everything that our processes need; keys are made for this run."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "mimic.settings",
            "DATABASE_URL": self.postgres.url("chaos"),
            "REDIS_URL": self.valkey.url,
            "APP_ENV": "development",
            "APP_LOG_LEVEL": "WARNING",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "TOKEN_PEPPER": secrets.token_urlsafe(48),
            "MASTER_KEYS": base64.b64encode(secrets.token_bytes(32)).decode(),
            "MIMIC_INSTANCE": "caos",
            "MIMIC_VENUE_URLS": json.dumps({VENUE: self.venue.base_url}),
            "SIMULATED_ADDRESSES": str(ADDRESSES),
            "LEASE_SECONDS": str(LEASE),
            "DB_POOL": "false",
        }
