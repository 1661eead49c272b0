"""One pair of servers in one folder, owned by one supervisor at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from mimic.ops.embedded.postgres import Postgres
from mimic.ops.embedded.valkey import Valkey

HOME = Path(__file__).resolve().parents[3] / "var" / "embedded"
_SIDE_BY_SIDE = 16


class InstanceInUse(Exception):
    """Another living process runs the servers of this folder; the message names it."""


class Embedded:
    """PostgreSQL and Valkey under this process; both are gone when it is, even by SIGKILL.

    ``durable=False`` trades crash safety for speed and is for tests alone; ``settings`` are
    PostgreSQL's, on top of ours. While it runs, the
    folder holds ``database_url`` and ``redis_url`` (mode 0600) for shells beside it.
    """

    def __init__(
        self,
        home: Path = HOME,
        *,
        durable: bool = True,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.home = home
        self.postgres = Postgres(home, durable=durable, settings=settings)
        self.valkey = Valkey(home, durable=durable)
        self._lock: int | None = None

    @classmethod
    def first_free(cls, home: Path, *, durable: bool) -> Self:
        """Start in ``home``, or beside it (``home-2``, ``home-3``…) when that one is in use."""
        for place in range(1, _SIDE_BY_SIDE + 1):
            folder = home if place == 1 else home.with_name(f"{home.name}-{place}")
            try:
                return cls(folder, durable=durable).start()
            except InstanceInUse:
                continue
        raise InstanceInUse(f"{home} and {_SIDE_BY_SIDE - 1} beside it are all in use")

    @property
    def database_url(self) -> str:
        return self.postgres.url()

    @property
    def redis_url(self) -> str:
        return self.valkey.url

    @property
    def environment(self) -> dict[str, str]:
        """What a process of ours needs in order to use this pair."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}

    def start(self) -> Self:
        """Start both. Raises :class:`InstanceInUse` or ``ServerFailed``; then nothing runs."""
        self.home.mkdir(parents=True, exist_ok=True)
        self._acquire()
        try:
            self.postgres.start()
            self.valkey.start()
            self._announce()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop both and give the folder free. Harmless when nothing runs."""
        if self._lock is None:
            return
        for name in self._addresses():
            (self.home / name).unlink(missing_ok=True)
        self.valkey.stop()
        self.postgres.stop()
        os.close(self._lock)
        self._lock = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _acquire(self) -> None:
        """A lock of the kernel's: it cannot go stale, whatever kills its holder."""
        path = self.home / "lock"
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as taken:
            os.close(lock)
            raise InstanceInUse(
                f"{self.home} is in use by process {path.read_text().strip() or 'unknown'}"
            ) from taken
        os.truncate(lock, 0)
        os.write(lock, str(os.getpid()).encode())
        self._lock = lock

    def _addresses(self) -> dict[str, str]:
        return {name.lower(): url for name, url in self.environment.items()}

    def _announce(self) -> None:
        for name, url in self._addresses().items():
            file = self.home / name
            file.touch(mode=0o600)
            file.write_text(url)
