"""Start a child that is told when we die, under an identity PostgreSQL accepts.

PostgreSQL refuses to run as root. Root therefore maps itself to user 1000 in a user namespace
(files stay root's outside), or, where the kernel forbids that, runs the server as ``nobody``.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from functools import cache
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1  # prctl(2)
_CLONE_NEWUSER = 0x10000000  # unshare(2)
_MAPPED_ID = 1000
_LIBC = ctypes.CDLL(None, use_errno=True)


class ServerFailed(Exception):
    """A server could not be started; the message holds the reason and the end of its log."""


class Identity(Enum):
    """Who a server runs as."""

    OURS = "ours"
    MAPPED = "mapped"
    NOBODY = "nobody"


@cache
def unprivileged_identity() -> Identity:
    """OURS unless we are root, who has to become somebody else."""
    if os.geteuid() != 0:
        return Identity.OURS
    try:
        spawn(["true"], death_signal=signal.SIGTERM, identity=Identity.MAPPED).wait()
    except subprocess.SubprocessError:
        return Identity.NOBODY
    return Identity.MAPPED


def spawn(
    argv: Sequence[str],
    *,
    death_signal: signal.Signals,
    identity: Identity = Identity.OURS,
    output: IO[bytes] | int | None = None,
    stdin: int | None = subprocess.DEVNULL,
    env: Mapping[str, str] | None = None,
    announced_to: int | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``argv`` in a session of its own, so that Ctrl-C reaches only us and we decide.

    ``death_signal`` is sent by the kernel when the *thread* that called this ends: call it from
    one that lives as long as the child should. The child writes ``+pid`` into ``announced_to``
    before it runs anything: there is no moment at which it lives and is not known there.
    """
    nobody = identity is Identity.NOBODY
    return subprocess.Popen(
        list(argv),
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=None if env is None else dict(env),
        start_new_session=True,
        preexec_fn=_preparation(os.getpid(), death_signal, identity, announced_to),  # noqa: PLW1509
        user="nobody" if nobody else None,
        group=pwd.getpwnam("nobody").pw_gid if nobody else None,
        extra_groups=[] if nobody else None,
    )


def _preparation(
    parent: int, death_signal: int, identity: Identity, announced_to: int | None
) -> Callable[[], None]:
    user, group = os.geteuid(), os.getegid()

    def prepare() -> None:
        if announced_to is not None:
            os.write(announced_to, b"+%d\n" % os.getpid())
        if identity is Identity.MAPPED:
            _enter_user_namespace(user, group)
        if sys.platform == "linux":
            # After the namespace: changing credentials clears it.
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before prctl could tell us
            os._exit(1)

    return prepare


def _enter_user_namespace(user: int, group: int) -> None:
    if _LIBC.unshare(_CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    process = Path("/proc/self")
    (process / "setgroups").write_text("deny")
    (process / "uid_map").write_text(f"{_MAPPED_ID} {user} 1")
    (process / "gid_map").write_text(f"{_MAPPED_ID} {group} 1")


def end(process: subprocess.Popen[bytes], first: signal.Signals, grace: float) -> None:
    """Send ``first``, wait ``grace`` seconds, then SIGKILL the whole group."""
    if process.poll() is None:
        process.send_signal(first)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            kill_group(process.pid)
            process.wait()
    kill_group(process.pid)


def kill_group(leader: int) -> None:
    """SIGKILL whatever is left of a session that ``spawn`` opened."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Poll until ``ready``. Raises :class:`ServerFailed` when the process ends or 60 s pass."""
    deadline = time.monotonic() + 60
    while not ready():
        if process.poll() is not None:
            raise ServerFailed(f"{process.args!r} ended with {process.returncode}\n{tail(log)}")
        if time.monotonic() > deadline:
            raise ServerFailed(f"{process.args!r} did not answer within 60 s\n{tail(log)}")
        time.sleep(0.02)


def tail(log: Path, lines: int = 20) -> str:
    """The end of a log, for an error message."""
    if not log.is_file():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
