"""The processes of an installation on one machine, as the demo and ``make dev`` run them.

No Django in here: it is read before settings can be. docker-compose.yml and deploy/ hold the
same list for servers.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass

# Threads beside one event loop: one signal's long fan-out does not hold another's (ADR 7).
SENDING = ("-P", "threads", "-c", "4")
# Compressing small frames for each socket anew took two thirds of a broadcast's time and half of a
# socket's memory; a browser's requests are of 16 KiB at most.
SOCKETS = ("--ws-per-message-deflate", "false", "--ws-max-size", "65536")


@dataclass(frozen=True, slots=True)
class Process:
    """``signer`` says whether the process may hold the master keys."""

    name: str
    argv: tuple[str, ...]
    signer: bool = False
    pooled: bool = False

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """``base`` without what this process must not know."""
        known = {name: text for name, text in base.items() if self.signer or name != "MASTER_KEYS"}
        return {**known, "DB_POOL": str(self.pooled)}


def processes(port: int, *, reload: bool = False) -> list[Process]:
    """Everything but Postgres and Valkey. Web and ingest never see the master keys."""
    web: tuple[str, ...] = ("uvicorn", "mimic.asgi:application", "--port", str(port))
    web += ("--no-access-log", "--no-proxy-headers", *SOCKETS)
    return [
        Process("web", _module(*web, *(("--reload",) if reload else ())), pooled=True),
        Process("worker-trading", _worker("trading", "trading", *SENDING), signer=True),
        Process("worker-closes", _worker("closes", "closes", *SENDING), signer=True),
        Process("worker-default", _worker("default", "default,bulk,research", "-c", "1")),
        Process("beat", _module("celery", "-A", "mimic", "beat", "-l", "WARNING")),
        Process("stream", (sys.executable, "manage.py", "stream"), signer=True),
        Process("sentinel", (sys.executable, "manage.py", "sentinel"), signer=True),
    ]


def ingest_server(application: str, port: int) -> tuple[str, ...]:
    """The server of the ingest process, as docker-compose.yml runs it."""
    options = (
        "--interface",
        "wsgi",
        "--port",
        str(port),
        "--workers",
        "2",
        "--blocking-threads",
        "8",
    )
    return _module("granian", *options, "--log-level", "warning", application)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _worker(name: str, queues: str, *pool: str) -> tuple[str, ...]:
    options = ("-n", f"{name}@%h", "-Q", queues, *pool, "-l", "WARNING")
    quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    return _module("celery", "-A", "mimic", "worker", *options, *quiet)


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name, *arguments)
